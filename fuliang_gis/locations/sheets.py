"""Layer sheets: what an office may change about a layer without a programmer, read from TOML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import jsonschema

from fuliang_gis.errors import SheetError
from fuliang_gis.material import LAYERS

FieldType = Literal["text", "integer", "decimal", "date", "boolean", "choice", "choices"]


@dataclass(frozen=True)
class Text:
    """A text in both languages of the interface."""

    zh: str
    en: str


@dataclass(frozen=True)
class Choice:
    """One allowed value; ``headings`` are further spellings that an import understands."""

    value: str
    zh: str
    en: str
    colour: str | None = None
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """One field: its label, type, unit, choices and plausible range."""

    name: str
    label: Text
    type: FieldType
    required: bool = False
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Choice, ...] = ()
    group: str = "基本信息"
    list: bool = False
    popup: bool = False
    help: str | None = None
    kinds: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()

    def applies_to(self, kind: object) -> bool:
        """Tell whether locations of that kind carry the field."""
        return not self.kinds or kind in self.kinds

    @cached_property
    def choice_labels(self) -> Mapping[str, str]:
        """Chinese label by value."""
        return {choice.value: choice.zh for choice in self.choices}


@dataclass(frozen=True)
class ChecklistItem:
    """One question an inspector answers; ``kinds`` limits it to some kinds of the layer.

    ``severity`` and ``category`` are what the defect gets that a failed item opens.
    """

    name: str
    zh: str
    en: str
    kinds: tuple[str, ...] = ()
    severity: str = "ordinary"
    category: str | None = None

    def applies_to(self, kind: object) -> bool:
        """Tell whether locations of that kind are asked this."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True)
class Reading:
    """One number read on site: plausible range, and the limits outside which something is wrong."""

    name: str
    zh: str
    en: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    limit_min: float | None = None
    limit_max: float | None = None
    severity: str = "ordinary"
    category: str | None = None
    kinds: tuple[str, ...] = ()

    def applies_to(self, kind: object) -> bool:
        """Tell whether it is read at locations of that kind."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True)
class SheetRule:
    """An inspection rule that the layer brings; see ``inspections.duties.rules``."""

    key: str
    title: str
    purpose: str
    period: str
    basis: str
    valid_from: date
    count: int = 1
    kind: str | None = None
    asset_class: str | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class OpeningHours:
    """When somebody is there to open a location, for some kinds or all."""

    opens: time
    closes: time
    kinds: tuple[str, ...] = ()

    def applies_to(self, kind: object) -> bool:
        """Tell whether locations of that kind keep these hours."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True)
class Inspection:
    """What inspecting a layer means: minutes on site, questions, readings, its own rules.

    A visit recorded farther than ``off_site_m`` [m] from its location is flagged; no rule applies
    to ``exempt_kinds``.
    """

    service_minutes: int = 15
    off_site_m: int = 200
    exempt_kinds: tuple[str, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    readings: tuple[Reading, ...] = ()
    rules: tuple[SheetRule, ...] = ()
    hours: tuple[OpeningHours, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """One layer's sheet; one with ``households`` is never shown without a sign-in."""

    name: str
    title: Text
    order: int
    geometry: tuple[str, ...]
    asset_class: str
    colour: str
    icon: str
    fields: tuple[Field, ...]
    kind_field: str | None = None
    households: bool = False
    inspection: Inspection = Inspection()

    def field(self, name: str) -> Field | None:
        """Return the field of that name, if the layer has it."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> Mapping[str, Field]:
        return {item.name: item for item in self.fields}

    @property
    def kinds(self) -> tuple[Choice, ...]:
        """The layer's kinds; empty when it has only one."""
        kind = self.field(self.kind_field) if self.kind_field else None
        return kind.choices if kind else ()


def _field(raw: Mapping[str, Any]) -> Field:
    choices = tuple(
        Choice(**{**choice, "headings": tuple(choice.get("headings", ()))})
        for choice in raw.get("choices", ())
    )
    given = {**raw, "label": Text(**raw["label"]), "choices": choices}
    given |= {name: tuple(raw.get(name, ())) for name in ("headings", "kinds")}
    return Field(**given)


def read_sheet(path: Path) -> Sheet:
    """Read and validate one sheet.

    Raises:
        SheetError: The file is no TOML, or breaks ``layers/layer.schema.json``.
    """
    name = path.stem
    schema = json.loads((LAYERS / "layer.schema.json").read_text("utf-8"))
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        jsonschema.validate(raw, schema)
    except tomllib.TOMLDecodeError as error:
        raise SheetError(layer=name, reason=str(error)) from error
    except jsonschema.ValidationError as error:
        raise SheetError(layer=name, reason=f"{error.json_path}: {error.message}") from error
    return Sheet(
        name=name,
        title=Text(**raw["title"]),
        order=raw["order"],
        geometry=tuple(raw["geometry"]),
        asset_class=raw["asset_class"],
        colour=raw["symbol"]["colour"],
        icon=raw["symbol"].get("icon", "location"),
        fields=tuple(_field(item) for item in raw["fields"]),
        kind_field=raw.get("kind_field"),
        households=raw.get("households", False),
        inspection=_inspection(raw.get("inspection", {})),
    )


def _inspection(raw: Mapping[str, Any]) -> Inspection:
    def with_kinds(name: str) -> list[dict[str, Any]]:
        return [{**item, "kinds": tuple(item.get("kinds", ()))} for item in raw.get(name, ())]

    given = {
        **raw,
        "exempt_kinds": tuple(raw.get("exempt_kinds", ())),
        "checklist": tuple(ChecklistItem(**item) for item in with_kinds("checklist")),
        "readings": tuple(Reading(**item) for item in with_kinds("readings")),
        "rules": tuple(SheetRule(**item) for item in raw.get("rules", ())),
        "hours": tuple(
            OpeningHours(
                time.fromisoformat(item["from"]), time.fromisoformat(item["to"]), item["kinds"]
            )
            for item in with_kinds("hours")
        ),
    }
    return Inspection(**given)

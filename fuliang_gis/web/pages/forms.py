"""A layer's form, made from its sheet: what was typed stays, faults stand next to their field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from fuliang_gis.errors import Duplicate, FuliangError, Invalid, OutsideDivision, Problem
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.registry import Layer
from fuliang_gis.locations.sheets import Field

#: Names of a form's own inputs, which are no fields of the layer.
_OWN = frozenset({"csrf_token", "version", "geom", "geom_was", "longitude", "latitude"})
_WAS = "was."
_PICK = "pick."


@dataclass(frozen=True)
class Input:
    """One field of a form: what stands in it, what stood there at first, and what is wrong."""

    field: Field
    value: str
    values: tuple[str, ...]
    was: str
    faults: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The element's id."""
        return f"field-{self.field.name}"

    @property
    def described_by(self) -> str:
        """The ids of hint and fault, for screen readers."""
        return f"{self.identifier}-hint {self.identifier}-fault"


@dataclass(frozen=True)
class Form:
    """A filled form: inputs by group, faults that belong to no field, the place and the version."""

    groups: Mapping[str, list[Input]]
    geom: str
    geom_was: str
    version: int | None
    faults: tuple[str, ...] = ()
    geom_faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submitted:
    """What a person sent: what they changed, all they typed, the place if moved, the version."""

    changed: Mapping[str, object]
    typed: Mapping[str, object]
    was: Mapping[str, str]
    geom: object
    geom_was: str
    version: int | None
    theirs: frozenset[str] = field(default_factory=frozenset)


def text_of(value: object) -> str:
    """Return a record's value as a form's input holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "、".join(map(str, value))
    return str(value)


def submitted(layer: Layer, form: MultiDict[str, str]) -> Submitted:
    """Read a sent form; fields unknown to the layer are kept, so that they are refused."""
    several = {f.name for f in writable_fields(layer) if f.type == "choices"}
    typed: dict[str, object] = {
        name: [v for v in form.getlist(name) if v] if name in several else form[name]
        for name in form
        if name not in _OWN and not name.startswith((_WAS, _PICK))
    }
    was = {name.removeprefix(_WAS): form[name] for name in form if name.startswith(_WAS)}
    theirs = frozenset(
        name.removeprefix(_PICK)
        for name in form
        if name.startswith(_PICK) and form[name] == "theirs"
    )
    changed = {
        name: value
        for name, value in typed.items()
        if name not in theirs and (name not in was or text_of(value) != was[name])
    }
    geom_was = form.get("geom_was", "")
    geom = None if "geom" in theirs else _place(form)
    moved = None if geom is not None and _same(geom, geom_was) else geom
    return Submitted(changed, typed, was, moved, geom_was, _version(form), theirs)


def _place(form: MultiDict[str, str]) -> object:
    if form.get("geom", "").strip():
        try:
            found: object = json.loads(form["geom"])
        except ValueError:
            return form["geom"]
        return found
    typed = [form.get(name, "").strip() for name in ("longitude", "latitude")]
    if not all(typed):
        return None
    try:
        return {"type": "Point", "coordinates": [float(number) for number in typed]}
    except ValueError:
        return "、".join(typed)


def _same(geom: object, was: str) -> bool:
    try:
        return bool(was) and geom == json.loads(was)
    except ValueError:
        return False


def _version(form: MultiDict[str, str]) -> int | None:
    text = form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def blank(layer: Layer, defaults: Mapping[str, object]) -> Form:
    """Return the form for a new location."""
    return _fill(layer, {}, defaults, geom="", geom_was="", version=None)


def of_record(layer: Layer, record: Mapping[str, object]) -> Form:
    """Return the form that shows a location as it is."""
    was = {f.name: text_of(record.get(f.name)) for f in writable_fields(layer)}
    geom = json.dumps(record["geom"])
    version = record["version"]
    assert isinstance(version, int)  # noqa: S101  # Every record has one; this narrows its type.
    return _fill(layer, was, record, geom=geom, geom_was=geom, version=version)


def again(layer: Layer, sent: Submitted, refusal: FuliangError) -> Form:
    """Return the form as it was typed, with what is wrong beside each field."""
    geom = sent.geom if sent.geom is not None else sent.geom_was
    return _fill(
        layer,
        sent.was,
        sent.typed,
        geom=geom if isinstance(geom, str) else json.dumps(geom),
        geom_was=sent.geom_was,
        version=sent.version,
        problems=tuple(_problems(refusal)),
    )


def _problems(refusal: FuliangError) -> Iterable[Problem]:
    if isinstance(refusal, Invalid):
        return refusal.problems
    name = "division_code" if isinstance(refusal, OutsideDivision) else refusal.field
    return [Problem(refusal.code, refusal.text_zh, refusal.text_en, name)]


#: Refusals that are told inside the form, since the person can put them right there.
CORRECTABLE = (Invalid, Duplicate, OutsideDivision)


def _fill(
    layer: Layer,
    was: Mapping[str, str],
    values: Mapping[str, object],
    *,
    geom: str,
    geom_was: str,
    version: int | None,
    problems: tuple[Problem, ...] = (),
) -> Form:
    groups: dict[str, list[Input]] = {}
    for item in writable_fields(layer):
        value = values.get(item.name)
        several = tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()
        faults = tuple(p.zh for p in problems if p.field == item.name)
        shown = Input(item, text_of(value), several, was.get(item.name, ""), faults)
        groups.setdefault(item.group, []).append(shown)
    known = {item.name for item in writable_fields(layer)} | {"geom"}
    return Form(
        groups,
        geom,
        geom_was,
        version,
        faults=tuple(p.zh for p in problems if p.field not in known),
        geom_faults=tuple(p.zh for p in problems if p.field == "geom"),
    )

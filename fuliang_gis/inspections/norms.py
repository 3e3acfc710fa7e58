"""What ``data/norms/inspection.toml`` says: purposes, categories, deadlines, default rules."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from fuliang_gis.errors import SetUpError
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.locations.sheets import Text
from fuliang_gis.material import DATA

PATH = DATA / "norms" / "inspection.toml"


@dataclass(frozen=True)
class NormRule:
    """One default rule of the file, or of a layer's sheet."""

    key: str
    title: str
    purpose: str
    period: PeriodKind
    basis: str
    valid_from: date
    count: int = 1
    layer: str | None = None
    kind: str | None = None
    asset_class: str | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Norms:
    """The file as a whole; days are whole days."""

    purposes: Mapping[str, Text]
    due_soon_days: Mapping[PeriodKind, int]
    grace_days: Mapping[PeriodKind, int]
    deadline_days: Mapping[str, int]
    severities: Mapping[str, Text]
    categories: Mapping[str, Text]
    aspects: Mapping[str, Text]
    rules: tuple[NormRule, ...]


@cache
def norms() -> Norms:
    """Read the file once.

    Raises:
        SetUpError: It is missing, is no TOML, or lacks a part.
    """
    try:
        raw = tomllib.loads(PATH.read_text("utf-8"))
        days = {
            name: {PeriodKind(kind): int(number) for kind, number in raw[name].items()}
            for name in ("due_soon_days", "grace_days")
        }
        texts = {
            name: {key: Text(**text) for key, text in raw[name].items()}
            for name in ("purposes", "severities", "categories", "aspects")
        }
        rules = tuple(
            NormRule(**{**each, "period": PeriodKind(each["period"])}) for each in raw["rules"]
        )
        deadlines = {key: int(number) for key, number in raw["deadline_days"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetUpError(
            reason=f"无法读取巡查规则文件 {PATH}：{error}。请恢复或改正该文件后重试。",
            reason_en=f"Cannot read the inspection norms {PATH}: {error}. Restore it.",
        ) from error
    return Norms(
        purposes=texts["purposes"],
        due_soon_days=days["due_soon_days"],
        grace_days=days["grace_days"],
        deadline_days=deadlines,
        severities=texts["severities"],
        categories=texts["categories"],
        aspects=texts["aspects"],
        rules=rules,
    )

"""What a thematic map can show: the numbers that the layers' sheets offer, from the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fuliang_gis.errors import BadParameter
from fuliang_gis.locations.fields import ASSET_CLASS, REVIEW_STATE, SURVEY_DATE, USE_STATUS
from fuliang_gis.locations.registry import Layer, layer, layers
from fuliang_gis.locations.sheets import Choice, Field

Statistic = Literal["count", "sum", "mean"]
STATISTICS: Mapping[str, str] = {"count": "数量", "sum": "合计", "mean": "平均值"}

#: Denominators; ``people`` are the two fields by which ledgers relate facilities to inhabitants.
PEOPLE = ("households", "population")
DENOMINATORS: Mapping[str, str] = {
    "none": "不相除",
    "locations": "本图层点位数（占比）",
    "households": "农户数",
    "population": "户籍人口",
    "area": "面积",
}

_BOOLEAN = (Choice("true", "是", "yes"), Choice("false", "否", "no"))
#: Angles, shares and prices have a mean, but adding them up says nothing.
_NOT_SUMMED = ("°", "%", "元/m³", "元/kWh")
#: A year or date that something ends or runs out is no date since which it stands.
_ENDS = "_end"

#: How the unit goes on by denominator and whether the number is money, and the factor it implies.
_PER = {
    ("none", False): "",
    ("none", True): "",
    ("area", False): "/km²",
    ("area", True): "/km²",
    ("households", False): "/百户",
    ("households", True): "/户",
    ("population", False): "/千人",
    ("population", True): "/人",
}
_FACTORS = {"households": 100, "population": 1000}

Condition = tuple[str, str]


@dataclass(frozen=True)
class Measure:
    """One number for each area.

    ``where`` narrows what is counted or summed: pairs of field and value; several values of one
    field are alternatives, several fields must all hold. ``base`` narrows what a share is a share
    of, and by that what is counted too.

    Raises:
        BadParameter: The layer does not offer this.
    """

    layer: Layer
    statistic: Statistic = "count"
    field: Field | None = None
    where: tuple[Condition, ...] = ()
    base: tuple[Condition, ...] = ()
    denominator: str = "none"
    year_field: Field | None = None

    def __post_init__(self) -> None:
        for name, conditions in (("where", self.where), ("base", self.base)):
            self._check_conditions(name, conditions)
        if self.denominator not in denominators(self):
            reason = (
                "此数值不能除以所选的分母" if self.denominator in DENOMINATORS else "没有此分母"
            )
            raise _bad("denominator", reason, "not offered for this number")

    def _check_conditions(self, name: str, conditions: Sequence[Condition]) -> None:
        filters = self._filters
        for key, value in conditions:
            if key not in filters or value not in values_of(filters[key]):
                raise _bad(name, f"没有筛选值“{key}:{value}”", f"no value {key}:{value}")

    @property
    def _filters(self) -> dict[str, Field]:
        return {item.name: item for item in filter_fields(self.layer)}

    @property
    def is_share(self) -> bool:
        """Whether the number is a part of its denominator, told in per cent."""
        return self.denominator == "locations" and self.statistic == "count"

    @property
    def digits(self) -> int:
        """Decimal places in which the number is told and classed."""
        if self.denominator == "none":
            whole = self.field is None or self.field.type == "integer"
            return 0 if self.statistic != "mean" and whole and not self._in_money else 2
        return 1 if self.is_share else 2

    @property
    def unit(self) -> str:
        """The number's unit, in Chinese."""
        if self.is_share:
            return "%"
        unit = (self.field.unit or "") if self.field and self.statistic != "count" else "个"
        if self._in_ten_thousands:
            unit = f"万{unit}"
        return unit + _PER[self.denominator, self._in_money]

    @property
    def factor(self) -> float:
        """What the quotient is multiplied by, so that it reads well: per cent, per 1,000."""
        if self.is_share:
            return 100
        if self._in_ten_thousands:
            return 1e-4
        return 1 if self._in_money else _FACTORS.get(self.denominator, 1)

    @property
    def _in_money(self) -> bool:
        stated = self.field is not None and (self.field.unit or "").startswith("元")
        return stated and self.statistic == "sum"

    @property
    def _in_ten_thousands(self) -> bool:
        # Ledgers print sums of money in 万元; what falls on one household or person, in 元.
        return self._in_money and self.denominator not in PEOPLE

    @property
    def numerator_title(self) -> str:
        """What is counted or summed, in words."""
        what = self.layer.sheet.title.zh
        if self.field and self.statistic != "count":
            what += f"的{self.field.label.zh}{STATISTICS[self.statistic]}"
        else:
            what += "数"
        limits = self._stated((*self.base, *self.where))
        return f"{what}（{limits}）" if limits else what

    @property
    def denominator_title(self) -> str:
        """What it is divided by, in words; empty when it is not divided."""
        if self.denominator == "none":
            return ""
        if self.denominator != "locations":
            return DENOMINATORS[self.denominator]
        limits = self._stated(self.base)
        return self.layer.sheet.title.zh + (f"总数（{limits}）" if limits else "总数")

    @property
    def title(self) -> str:
        """The number's name; a ratio names its denominator."""
        if not self.denominator_title:
            return self.numerator_title
        return f"{self.numerator_title} ÷ {self.denominator_title}"

    def _stated(self, conditions: Sequence[Condition]) -> str:
        stated: dict[str, list[str]] = {}
        for key, value in dict.fromkeys(conditions):
            stated.setdefault(key, []).append(self._say(key, value))
        return "，".join("或".join(values) for values in stated.values())

    def _say(self, key: str, value: str) -> str:
        item = self._filters[key]
        if item.type == "boolean":
            return item.label.zh if value == "true" else f"非{item.label.zh}"
        return item.choice_labels[value]


def filter_fields(found: Layer) -> tuple[Field, ...]:
    """Return the fields by which a layer's locations can be narrowed: choices and yes-or-no."""
    own = tuple(item for item in found.sheet.fields if item.type in ("choice", "boolean"))
    return (*own, USE_STATUS, ASSET_CLASS, REVIEW_STATE)


def values_of(item: Field) -> dict[str, str]:
    """Return the values that a filter field takes, with their labels."""
    choices = _BOOLEAN if item.type == "boolean" else item.choices
    return {choice.value: choice.zh for choice in choices}


def number_fields(found: Layer, statistic: Statistic) -> tuple[Field, ...]:
    """Return the fields that can be summed or averaged; years are dates, not numbers."""
    return tuple(
        item
        for item in found.sheet.fields
        if item.type in ("integer", "decimal")
        and item.unit != "年"
        and (statistic == "mean" or item.unit not in _NOT_SUMMED)
    )


def year_fields(found: Layer) -> tuple[Field, ...]:
    """Return the fields that say since when a location stands or when it was recorded."""
    own = tuple(
        item
        for item in found.sheet.fields
        if (item.type == "date" or (item.type == "integer" and item.unit == "年"))
        and not item.name.endswith(_ENDS)
    )
    return (*own, SURVEY_DATE)


def people_source(denominator: str) -> tuple[Layer, Field] | None:
    """Return the layer and field that carry a division's households or population."""
    for found in layers().values():
        if (item := found.sheet.field(denominator)) is not None:
            return found, item
    return None


def denominators(measure: Measure) -> dict[str, str]:
    """Return what a number may be divided by, with labels; a mean is a quotient already."""
    if measure.statistic == "mean":
        return {"none": DENOMINATORS["none"]}
    offered = {n: t for n, t in DENOMINATORS.items() if n not in PEOPLE or people_source(n)}
    if measure.statistic == "sum":
        del offered["locations"]
    return offered


def read_measure(given: Mapping[str, Sequence[str]], prefix: str = "") -> Measure:
    """Read a measure from the parameters of an address.

    Args:
        prefix: Put before each name; the second map of a comparison has one of its own.

    Raises:
        BadParameter: A parameter cannot be used.
        NotFound: There is no such layer.
    """

    def first(name: str, otherwise: str) -> str:
        return next((value for value in given.get(prefix + name, ()) if value), otherwise)

    found = layer(first("layer", next(iter(layers()))))
    statistic, _, field_name = first("measure", "count").partition(":")
    if statistic not in STATISTICS or (statistic == "count") != (field_name == ""):
        raise _bad("measure", "应为 count、sum:字段 或 mean:字段", "count, sum:field or mean:field")
    kind: Statistic = statistic  # type: ignore[assignment]
    return Measure(
        found,
        kind,
        _named(number_fields(found, kind), field_name, "measure"),
        _conditions(given.get(prefix + "where", ()), "where"),
        _conditions(given.get(prefix + "base", ()), "base"),
        first("denominator", "none"),
        _named(year_fields(found), first("time", ""), "time"),
    )


def _named(fields: Sequence[Field], name: str, parameter: str) -> Field | None:
    if not name:
        return None
    for item in fields:
        if item.name == name:
            return item
    raise _bad(parameter, f"没有字段“{name}”", f"no field {name}")


def _conditions(given: Sequence[str], parameter: str) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for text in filter(None, given):
        key, separator, value = text.partition(":")
        if not separator:
            raise _bad(parameter, f"“{text}”应为 字段:值", f"'{text}' should be field:value")
        found.append((key, value))
    return tuple(dict.fromkeys(found))


def write_measure(measure: Measure, prefix: str = "") -> list[tuple[str, str]]:
    """Return the parameters that ``read_measure`` reads, without those at their usual value."""
    named = measure.statistic + (f":{measure.field.name}" if measure.field else "")
    stated = [("layer", measure.layer.name), ("measure", named)]
    stated += [("where", f"{key}:{value}") for key, value in measure.where]
    stated += [("base", f"{key}:{value}") for key, value in measure.base]
    stated.append(("denominator", measure.denominator))
    stated.append(("time", measure.year_field.name if measure.year_field else ""))
    usual = {("measure", "count"), ("denominator", "none"), ("time", "")}
    return [(prefix + name, value) for name, value in stated if (name, value) not in usual]


def _bad(name: str, reason: str, reason_en: str) -> BadParameter:
    return BadParameter(name=name, reason=reason, reason_en=reason_en, field=name)

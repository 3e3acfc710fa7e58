"""A thematic map: what a person chose, and the numbers, classes and colours that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.cartography.classes import METHODS, Classification, classify, told
from fuliang_gis.cartography.measures import Measure, read_measure, write_measure
from fuliang_gis.cartography.ramps import ramp, ramps
from fuliang_gis.cartography.thematic_queries import (
    FIRST_YEAR,
    MOST_YEARS,
    Area,
    Part,
    levels,
    read_numbers,
)
from fuliang_gis.errors import BadParameter

_Number = TypeVar("_Number", int, float)

#: An area's value or parts that nobody knows.
UNKNOWN = Part(None, None)


@dataclass(frozen=True)
class Choice:
    """One map as chosen: the number, its classes, its colours, the year up to which it counts."""

    measure: Measure
    method: str = "quantiles"
    count: int = 5
    limits: tuple[float, ...] = ()
    ramp: str = "porcelain"
    reverse: bool = False
    until: int | None = None


@dataclass(frozen=True)
class AreaValue:
    """One area's value as told, with what it was made of; None where there is no data."""

    code: str
    name: str
    township: str
    value: float | None
    numerator: float | None
    denominator: float | None
    place: int | None


@dataclass(frozen=True)
class ThematicMap:
    """A map ready to be drawn; ``series`` has one value a year for each area code."""

    choice: Choice
    level: str
    areas: tuple[AreaValue, ...]
    classification: Classification
    colours: tuple[str, ...]
    years: tuple[int, ...]
    series: Mapping[str, tuple[float | None, ...]]
    unplaced: int
    undated: int

    @property
    def no_data(self) -> int:
        """How many areas have no number."""
        return sum(area.value is None for area in self.areas)

    @property
    def title(self) -> str:
        """The measure's name, with the year up to which it counts."""
        name = self.choice.measure.title
        return f"{name}（截至 {self.until} 年）" if self.until else name

    @property
    def until(self) -> int | None:
        """The year that is shown; None for a map without time."""
        return _until(self.choice, self.years)


def build(session: Session, actor: Actor, choice: Choice, level: str) -> ThematicMap:
    """Read, class and colour one map.

    The classes hold the values of every year, with the breaks of the last one, so that a colour
    means the same all along the slider.

    Raises:
        BadParameter: The level or the breaks cannot be used.
    """
    measure = choice.measure
    numbers = read_numbers(session, actor, measure, level)
    years = _years(numbers.areas) if measure.year_field else ()
    running = {area.code: _running(area, measure, years) for area in numbers.areas}
    series = {
        code: tuple(value_of(measure, part) for part in parts) for code, parts in running.items()
    }
    last = [value for values in series.values() if (value := values[-1]) is not None]
    every = [value for values in series.values() for value in values if value is not None]
    classification = classify(
        last,
        choice.method,
        choice.count,
        digits=measure.digits,
        limits=choice.limits,
        reach=(min(every), max(every)) if every else None,
    )
    shown = years.index(_until(choice, years) or 0) if years else -1
    return ThematicMap(
        choice,
        level,
        tuple(
            _area(area, running[area.code][shown], measure, classification)
            for area in numbers.areas
        ),
        classification,
        _colours(choice, len(classification.classes)),
        years,
        series if years else {},
        numbers.unplaced,
        sum(round(area.parts.get(0, UNKNOWN).denominator or 0) for area in numbers.areas),
    )


def _area(area: Area, part: Part, measure: Measure, classification: Classification) -> AreaValue:
    value = value_of(measure, part)
    place = None if value is None else classification.of(value)
    return AreaValue(
        area.code, area.name, area.township, value, part.numerator, part.denominator, place
    )


def value_of(measure: Measure, part: Part) -> float | None:
    """Return the told value; nothing where the numerator is unknown or the denominator is none."""
    if part.numerator is None:
        return None
    if measure.denominator == "none" and measure.statistic != "mean":
        return told(measure.factor * part.numerator, measure.digits)
    if not part.denominator:
        return None
    return told(measure.factor * part.numerator / part.denominator, measure.digits)


def _years(areas: Sequence[Area]) -> tuple[int, ...]:
    found = [year for area in areas for year in area.parts if year and year >= FIRST_YEAR]
    if not found:
        return ()
    return tuple(range(min(found), max(found) + 1))[-MOST_YEARS:]


def _until(choice: Choice, years: Sequence[int]) -> int | None:
    if not years:
        return None
    return min(max(choice.until or years[-1], years[0]), years[-1])


def _running(area: Area, measure: Measure, years: Sequence[int]) -> list[Part]:
    """Return the area's parts up to each year, or its only ones."""
    empty = Part(None if measure.statistic == "mean" else 0.0, 0.0)
    if not measure.year_field:
        steps = [area.parts.get(None, empty)]
    else:
        # Without any year nothing is dated, and so nothing is known.
        steps = [area.parts.get(year, empty) for year in years] or [UNKNOWN]
    parts = accumulate(steps, _add)
    own = measure.denominator in ("none", "locations") or measure.statistic == "mean"
    return [part if own else Part(part.numerator, area.fixed_denominator) for part in parts]


def _add(one: Part, other: Part) -> Part:
    return Part(_sum(one.numerator, other.numerator), _sum(one.denominator, other.denominator))


def _sum(one: float | None, other: float | None) -> float | None:
    return (one or 0.0) + (other or 0.0) if (one, other) != (None, None) else None


def _colours(choice: Choice, count: int) -> tuple[str, ...]:
    found = ramp(choice.ramp).colours(count) if count else ()
    return found[::-1] if choice.reverse else found


@dataclass(frozen=True)
class Page:
    """Everything that the address of the page says: one map, or two to compare."""

    level: str
    first: Choice
    second: Choice | None = None
    compare: str = "none"


COMPARISONS = {"none": "单图", "beside": "双图并排", "swipe": "卷帘对比"}
#: Put before the parameters of the second map.
SECOND = "b."


def read_page(given: Mapping[str, Sequence[str]], actor: Actor) -> Page:
    """Read a page from the parameters of an address.

    Raises:
        BadParameter: A parameter cannot be used.
        NotFound: There is no such layer.
    """
    level = _one_of(given, "level", levels(actor), next(iter(levels(actor))))
    compare = _one_of(given, "compare", COMPARISONS, "none")
    second = None if compare == "none" else read_choice(given, SECOND)
    return Page(level, read_choice(given), second, compare)


def read_choice(given: Mapping[str, Sequence[str]], prefix: str = "") -> Choice:
    """Read one map from the parameters of an address.

    Raises:
        BadParameter: A parameter cannot be used.
        NotFound: There is no such layer.
    """
    method = _one_of(given, "method", METHODS, "quantiles", prefix)
    return Choice(
        read_measure(given, prefix),
        method,
        int(_one_of(given, "classes", dict.fromkeys("34567", ""), "5", prefix)),
        _limits(_first(given, prefix + "breaks")) if method == "user" else (),
        _one_of(given, "ramp", ramps(), "porcelain", prefix),
        _first(given, prefix + "reverse") == "1",
        _year_or_none(_first(given, prefix + "until")),
    )


def write_page(page: Page) -> list[tuple[str, str]]:
    """Return the parameters that ``read_page`` reads, without those at their usual value."""
    stated = [("level", page.level), *write_choice(page.first)]
    if page.second:
        stated += [("compare", page.compare), *write_choice(page.second, SECOND)]
    return stated


def write_choice(choice: Choice, prefix: str = "") -> list[tuple[str, str]]:
    """Return the parameters of one map, without those at their usual value."""
    stated = [
        ("method", choice.method, "quantiles"),
        ("classes", str(choice.count), "5"),
        ("breaks", ",".join(f"{limit:g}" for limit in choice.limits), ""),
        ("ramp", choice.ramp, "porcelain"),
        ("reverse", "1" if choice.reverse else "", ""),
        ("until", str(choice.until or ""), ""),
    ]
    own = [(prefix + name, value) for name, value, usual in stated if value != usual]
    return write_measure(choice.measure, prefix) + own


def _first(given: Mapping[str, Sequence[str]], name: str) -> str:
    return next((value for value in given.get(name, ()) if value), "")


def _one_of(
    given: Mapping[str, Sequence[str]],
    name: str,
    offered: Mapping[str, object],
    otherwise: str,
    prefix: str = "",
) -> str:
    value = _first(given, prefix + name) or otherwise
    if value not in offered:
        raise BadParameter(
            name=name,
            reason=f"应为 {'、'.join(offered)} 之一",
            reason_en=f"one of {', '.join(offered)}",
            field=name,
        )
    return value


def _limits(text: str) -> tuple[float, ...]:
    parts = text.replace("，", ",").replace("、", ",").replace(" ", ",").split(",")
    return tuple(_parsed(part, "breaks", float) for part in parts if part)


def _year_or_none(text: str) -> int | None:
    return _parsed(text, "until", int) if text else None


def _parsed(text: str, name: str, kind: Callable[[str], _Number]) -> _Number:
    try:
        return kind(text)
    except ValueError:
        raise BadParameter(
            name=name, reason=f"“{text[:20]}”不是数字", reason_en="not a number", field=name
        ) from None

"""The numbers of one village, in five queries: by kind, condition, class, year and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from fuliang_gis.db.fragments import identifier
from fuliang_gis.locations.layers.assistance_assets import AssistanceAsset
from fuliang_gis.locations.layers.pv_stations import PvStation
from fuliang_gis.locations.layers.sanitation_facilities import SanitationFacility
from fuliang_gis.locations.layers.water_projects import WaterProject
from fuliang_gis.locations.models import ASSET_CLASSES, Location
from fuliang_gis.locations.registry import Layer, layer, layers

#: The layer whose rows stand for the villages themselves.
VILLAGES = "villages"
_HOUSEHOLD_TOILET = "household_toilet"


@dataclass(frozen=True)
class KindCount:
    """How many facilities of one kind of a layer there are."""

    layer: Layer
    kind: str
    title: str
    colour: str
    count: int

    @property
    def apart(self) -> bool:
        """Whether a chart of its own tells about the kind."""
        return self.kind == _HOUSEHOLD_TOILET


@dataclass(frozen=True)
class AssetGroup:
    """Assistance assets of one class, year and fund source; ``yuan`` is their original value."""

    asset_class: str
    year: int
    source: str
    count: int
    yuan: Decimal


@dataclass(frozen=True)
class ClassSum:
    """Assistance assets of one class together."""

    title: str
    count: int
    yuan: Decimal


@dataclass(frozen=True)
class Condition:
    """Household toilets in one condition, and how many of them are problem toilets."""

    title: str
    colour: str
    count: int
    problems: int


@dataclass(frozen=True)
class Figures:
    """Everything that the page tells in numbers; ``pv_kwp`` [kWp]."""

    kinds: Sequence[KindCount]
    assets: Sequence[AssetGroup]
    toilets: Sequence[Condition]
    pv_stations: int
    pv_kwp: Decimal
    water_projects: int
    water_population: int

    @property
    def facilities(self) -> int:
        """All facilities together."""
        return sum(kind.count for kind in self.kinds)

    @property
    def toilet_count(self) -> int:
        """Household toilets."""
        return sum(condition.count for condition in self.toilets)

    @property
    def problem_toilets(self) -> int:
        """Household toilets with a problem."""
        return sum(condition.problems for condition in self.toilets)

    @property
    def asset_count(self) -> int:
        """Assistance assets."""
        return sum(group.count for group in self.assets)

    @property
    def asset_yuan(self) -> Decimal:
        """Original value of the assistance assets [yuan]."""
        return sum((group.yuan for group in self.assets), Decimal(0))

    @property
    def classes(self) -> Sequence[ClassSum]:
        """Assistance assets by class."""
        found = {group.asset_class for group in self.assets}
        return [self._class_sum(name) for name in ASSET_CLASSES if name in found]

    def _class_sum(self, name: str) -> ClassSum:
        groups = [group for group in self.assets if group.asset_class == name]
        total = sum((group.yuan for group in groups), Decimal(0))
        return ClassSum(ASSET_CLASSES[name], sum(group.count for group in groups), total)

    @property
    def years(self) -> Sequence[int]:
        """Every year from the first to the last in which assets were formed."""
        found = [group.year for group in self.assets]
        return range(min(found), max(found) + 1) if found else ()

    @property
    def sources(self) -> Sequence[str]:
        """Labels of the fund sources that occur, in the sheet's order."""
        found = {group.source for group in self.assets}
        return [label for value, label in _labels("assistance_assets", "fund_source").items()
                if value in found]  # fmt: skip

    def wan(self, year: int, source: str) -> Decimal:
        """Return the original value formed in a year from a source [10,000 yuan]."""
        labels = _labels("assistance_assets", "fund_source")
        yuan = sum(
            (g.yuan for g in self.assets if g.year == year and labels.get(g.source) == source),
            Decimal(0),
        )
        return round(yuan / 10_000, 2)


def figures(session: Session, code: str) -> Figures:
    """Return the figures of a village by its 12-digit code; the caller checked who may read."""
    water, population = _sums(session, code, WaterProject, WaterProject.served_population)
    stations, kwp = _sums(session, code, PvStation, PvStation.capacity_kwp)
    return Figures(
        kinds=_kinds(session, code),
        assets=_assets(session, code),
        toilets=_toilets(session, code),
        pv_stations=stations,
        pv_kwp=kwp,
        water_projects=water,
        water_population=int(population),
    )


def _labels(layer_name: str, field: str) -> Mapping[str, str]:
    found = layer(layer_name).sheet.field(field)
    return found.choice_labels if found else {}


def _kinds(session: Session, code: str) -> list[KindCount]:
    parts = [_kind_query(one) for one in layers().values() if one.name != VILLAGES]
    rows = session.connection().exec_driver_sql(" union all ".join(parts), {"code": code}).all()
    counted = {(name, kind): count for name, kind, count in rows}
    return [
        KindCount(one, kind, title, colour, counted[one.name, kind])
        for one in layers().values()
        for kind, title, colour in _kind_looks(one)
        if (one.name, kind) in counted
    ]


def _kind_looks(one: Layer) -> list[tuple[str, str, str]]:
    sheet = one.sheet
    if not sheet.kinds:
        return [("", sheet.title.zh, sheet.colour)]
    return [(kind.value, kind.zh, kind.colour or sheet.colour) for kind in sheet.kinds]


def _kind_query(one: Layer) -> str:
    table = identifier(one.cls.__table__.name)  # type: ignore[attr-defined]
    kind = f"t.{identifier(one.sheet.kind_field)}" if one.sheet.kind_field else "''"
    return f"""(select '{one.name}', {kind}, count(*)
        from location l join {table} t on t.location_id = l.id
        where l.layer = '{one.name}' and l.division_code = %(code)s and l.deleted_at is null
        group by 2)"""  # noqa: S608  # Names come from the registry; the code is bound.


def _assets(session: Session, code: str) -> list[AssetGroup]:
    year, source = AssistanceAsset.formed_year, AssistanceAsset.fund_source
    statement = (
        select(
            AssistanceAsset.asset_class,
            year,
            source,
            func.count(),
            func.sum(AssistanceAsset.original_value_yuan),
        )
        .where(
            Location.layer == "assistance_assets",
            Location.division_code == code,
            Location.deleted_at.is_(None),
        )
        .group_by(AssistanceAsset.asset_class, year, source)
    )
    return [AssetGroup(*row) for row in session.execute(statement)]


def _toilets(session: Session, code: str) -> list[Condition]:
    problems = func.count().filter(SanitationFacility.is_problem.is_(True))
    statement = (
        select(SanitationFacility.condition, func.count(), problems)
        .where(
            Location.layer == "sanitation_facilities",
            Location.division_code == code,
            Location.deleted_at.is_(None),
            SanitationFacility.kind == _HOUSEHOLD_TOILET,
        )
        .group_by(SanitationFacility.condition)
    )
    counted = {value: (count, bad) for value, count, bad in session.execute(statement)}
    field = layer("sanitation_facilities").sheet.field("condition")
    choices = field.choices if field else ()
    return [
        Condition(choice.zh, choice.colour or "#737373", *counted[choice.value])
        for choice in choices
        if choice.value in counted
    ]


def _sums(
    session: Session, code: str, cls: type[Location], column: InstrumentedAttribute[Any]
) -> tuple[int, Decimal]:
    statement = select(func.count(), func.coalesce(func.sum(column), 0)).where(
        cls.division_code == code, cls.deleted_at.is_(None)
    )
    count, total = session.execute(statement).one()
    return count, Decimal(total)

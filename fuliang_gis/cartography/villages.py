"""Key villages: the list with each village's facilities counted, and one village by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.policies import may, within
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.areas.models import Division
from fuliang_gis.cartography.village_figures import VILLAGES
from fuliang_gis.errors import BadRequest, NotFound
from fuliang_gis.locations.layers.assistance_assets import AssistanceAsset
from fuliang_gis.locations.layers.sanitation_facilities import SanitationFacility
from fuliang_gis.locations.layers.villages import Village
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer

#: What ``level`` of a list may be besides a key level: every key village, every village.
KEY, ALL = "", "all"
NOT_KEY = "none"

_VILLAGE_DIGITS = 12
_TOWNSHIP_DIGITS = 9


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to and sorted by."""

    level: str = KEY
    township: str = ""
    text: str = ""
    sort: str = "level"
    descending: bool = False


@dataclass(frozen=True)
class ListedVillage:
    """One village of the list; ``assets_yuan``: original value of its assistance assets [yuan]."""

    code: str
    name: str
    township_code: str
    township: str
    level: str
    households: int
    population: int
    plan_status: str
    workroom: bool
    invented: bool
    lon: float
    lat: float
    facilities: int
    problem_toilets: int
    assets_yuan: Decimal


#: Columns that the list can be sorted by.
SORTS = (
    "level",
    "name",
    "township",
    "households",
    "population",
    "plan_status",
    "facilities",
    "problem_toilets",
    "assets_yuan",
)


def key_levels() -> Mapping[str, str]:
    """Return the Chinese label of each key level, the highest first."""
    field = layer(VILLAGES).sheet.field("key_level")
    labels = field.choice_labels if field else {}
    return {value: label for value, label in labels.items() if value != NOT_KEY}


def list_villages(session: Session, actor: Actor, wanted: Wanted) -> list[ListedVillage]:
    """Return the villages that the actor may see, with their facilities counted, in two queries.

    Raises:
        BadRequest: The level or the sort is unknown.
    """
    if wanted.sort not in SORTS:
        raise BadRequest(reason=f"不能按“{wanted.sort}”排序")
    rows = session.execute(_listing(actor, wanted)).all()
    tallies = _tallies(session, [row[0] for row in rows])
    nothing = (0, 0, Decimal(0))
    whole: list[tuple[Any, ...]] = [(*row, *tallies.get(row[0], nothing)) for row in rows]
    villages = [ListedVillage(*row) for row in whole]
    return sorted(villages, key=_order(wanted.sort), reverse=wanted.descending)


def _order(sort: str) -> Callable[[ListedVillage], Any]:
    ranks = {level: rank for rank, level in enumerate((*key_levels(), NOT_KEY))}
    if sort == "level":
        return lambda village: (ranks.get(village.level, len(ranks)), village.code)
    if sort == "township":
        return lambda village: village.code
    return lambda village: (getattr(village, sort), village.code)


def _listing(actor: Actor, wanted: Wanted) -> Select[Any]:
    township = aliased(Division)
    statement = (
        select(
            Village.division_code,
            Village.name,
            township.code,
            township.name,
            Village.key_level,
            Village.households,
            Village.population,
            Village.plan_status,
            Village.workroom,
            Village.invented,
            func.ST_X(func.ST_PointOnSurface(Village.geom)),
            func.ST_Y(func.ST_PointOnSurface(Village.geom)),
        )
        .join(township, township.code == func.left(Village.division_code, _TOWNSHIP_DIGITS))
        .where(*_villages_seen(actor))
    )
    return _narrowed(cast("Select[Any]", statement), wanted)


def _villages_seen(actor: Actor) -> tuple[Any, ...]:
    return (
        Location.layer == VILLAGES,
        Location.deleted_at.is_(None),
        func.length(Location.division_code) == _VILLAGE_DIGITS,
        within(actor, Location.division_code),
    )


def _narrowed(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.level in key_levels():
        statement = statement.where(Village.key_level == wanted.level)
    elif wanted.level == KEY:
        statement = statement.where(Village.key_level != NOT_KEY)
    elif wanted.level != ALL:
        raise BadRequest(reason=f"没有重点村级别“{wanted.level}”")
    if wanted.township:
        statement = statement.where(
            Village.division_code.startswith(wanted.township, autoescape=True)
        )
    if wanted.text:
        statement = statement.where(
            or_(
                Village.name.icontains(wanted.text, autoescape=True),
                Village.division_code.startswith(wanted.text, autoescape=True),
                Village.initials.startswith(wanted.text.lower(), autoescape=True),
            )
        )
    return statement


def _tallies(session: Session, codes: Sequence[str]) -> dict[str, tuple[int, int, Decimal]]:
    """Count facilities, problem toilets and the value of assets of each village.

    A query of its own, because as a part of the list's the planner counted again for every village
    (6 s instead of 0.1).
    """
    # Joined as plain tables: the mapped classes would each bring their own copy of ``location``.
    place = Location.__table__.alias()
    asset = AssistanceAsset.__table__
    toilet = SanitationFacility.__table__
    problem = toilet.c.is_problem & (toilet.c.kind == "household_toilet")
    statement = (
        select(
            place.c.division_code,
            func.count(),
            func.count(case((problem, 1))),
            func.coalesce(func.sum(asset.c.original_value_yuan), 0),
        )
        .outerjoin(asset, asset.c.location_id == place.c.id)
        .outerjoin(toilet, toilet.c.location_id == place.c.id)
        .where(
            place.c.layer != VILLAGES,
            place.c.deleted_at.is_(None),
            place.c.division_code.in_(codes),
        )
        .group_by(place.c.division_code)
    )
    return {code: (number, bad, yuan) for code, number, bad, yuan in session.execute(statement)}


def level_counts(session: Session, actor: Actor) -> Mapping[str, int]:
    """Count the villages that the actor may see by key level; levels without any are there too."""
    statement = (
        select(Village.key_level, func.count())
        .where(*_villages_seen(actor))
        .group_by(Village.key_level)
    )
    counted = dict(session.execute(statement).all())
    return {level: counted.get(level, 0) for level in (*key_levels(), NOT_KEY)}


def as_geojson(villages: Sequence[ListedVillage]) -> str:
    """Return the villages as a GeoJSON collection of points (EPSG:4490, lon/lat)."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(v.lon, 6), round(v.lat, 6)]},
            "properties": {"code": v.code, "name": v.name, "level": v.level},
        }
        for v in villages
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


@dataclass(frozen=True)
class Neighbour:
    """The village before or after in the list."""

    code: str
    name: str


@dataclass(frozen=True)
class Profile:
    """One village-level division, its row in the villages layer if any, and those beside it.

    ``mapped`` says whether it has a boundary, without which there is no map.
    """

    division: Division
    path: Sequence[Division]
    mapped: bool
    village: Village | None
    before: Neighbour | None
    after: Neighbour | None

    @property
    def is_key(self) -> bool:
        """Whether it is one of the key villages."""
        return self.village is not None and self.village.key_level != NOT_KEY


def profile(session: Session, actor: Actor, code: str) -> Profile:
    """Return one village.

    Raises:
        NotFound: There is no village-level division of that code that the actor may read.
    """
    path = check_readable(session, actor, code)
    village = session.scalars(
        select(Village)
        .where(Location.layer == VILLAGES, Location.deleted_at.is_(None))
        .where(Location.division_code == code)
        .order_by(Location.id)
        .limit(1)
    ).first()
    is_key = village is not None and village.key_level != NOT_KEY
    siblings = _siblings(session, actor, code, key=is_key)
    at = next((i for i, one in enumerate(siblings) if one.code == code), len(siblings))
    before = siblings[at - 1] if 0 < at < len(siblings) else None
    after = siblings[at + 1] if at + 1 < len(siblings) else None
    bounded = select(Division.boundary.is_not(None)).where(Division.code == code)
    return Profile(path[-1], path, bool(session.scalar(bounded)), village, before, after)


def check_readable(session: Session, actor: Actor, code: str) -> Sequence[Division]:
    """Return the divisions from the county down to the village.

    Raises:
        NotFound: There is no village-level division of that code that the actor may read.
    """
    refused = NotFound(what="行政村", key=code)
    if len(code) != _VILLAGE_DIGITS or not may(actor, Permission.READ, code):
        raise refused
    path = areas.path(session, code)
    if not path or path[-1].code != code:
        raise refused
    return path


def _siblings(session: Session, actor: Actor, code: str, *, key: bool) -> list[Neighbour]:
    """Return the villages to leaf through: all key ones from a key one, else the township's."""
    statement = select(Division.code, Division.name).where(
        Division.level == "village", within(actor, Division.code)
    )
    if key:
        marked = select(Village.division_code).where(
            Location.deleted_at.is_(None), Village.key_level != NOT_KEY
        )
        statement = statement.where(Division.code.in_(marked))
    else:
        statement = statement.where(Division.parent_code == code[:_TOWNSHIP_DIGITS])
    return [Neighbour(*row) for row in session.execute(statement.order_by(Division.code))]

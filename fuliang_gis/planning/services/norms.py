"""What services go by: speeds, kinds of facilities, rules of candidates (``data/norms``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fuliang_gis.errors import SetUpError
from fuliang_gis.material import DATA

PATH = DATA / "norms" / "services.toml"


@dataclass(frozen=True)
class Service:
    """A kind of facility: the layer and kinds that it stands in, the land use that it needs.

    ``footprint_m2`` is the land of one; ``layer`` is empty where none has it; ``project`` is the
    kind of project that builds one.
    """

    key: str
    zh: str
    en: str
    layer: str
    kinds: tuple[str, ...]
    code: str
    footprint_m2: float
    project: str


@dataclass(frozen=True)
class Minutes:
    """How long somebody may be on the way [min]."""

    usual: int
    least: int
    most: int


@dataclass(frozen=True)
class CandidateRules:
    """Where a facility may be proposed: distances [m], uses that it never stands on.

    ``considered`` places are looked at, ``most`` of them (``most_for_time`` where the total time
    is asked for) are chosen from.
    """

    considered: int
    most: int
    most_for_time: int
    along_roads_m: float
    aside_m: float
    apart_m: float
    not_on: tuple[str, ...]
    but_on: tuple[str, ...]


@dataclass(frozen=True)
class Solving:
    """What a solver may take [s]; homesteads beyond ``group_over`` are grouped by squares [m]."""

    seconds: float
    group_over: int
    group_m: float


@dataclass(frozen=True)
class ServiceNorms:
    """Speeds by mode [km/h], distances [m], areas [m²] and the services by key.

    By car roads have their own speeds; ``kmh`` is what straight lines are reckoned with.
    """

    kmh: Mapping[str, float]
    minutes: Minutes
    farthest_off_road_m: float
    homestead_m2: float
    candidates: CandidateRules
    solving: Solving
    services: Mapping[str, Service]


@cache
def service_norms() -> ServiceNorms:
    """Read the file once.

    Raises:
        SetUpError: It is missing, is no TOML, or lacks a part.

    >>> service_norms().services["toilet"].code, service_norms().minutes.usual
    ('1309', 15)
    """
    try:
        raw = tomllib.loads(PATH.read_text("utf-8"))
        rules, services = raw["candidates"], [
            Service(**{**each, "kinds": tuple(each["kinds"])}) for each in raw["services"]
        ]  # fmt: skip
        return ServiceNorms(
            {mode: float(speed) for mode, speed in raw["kmh"].items()},
            Minutes(**raw["minutes"]),
            float(raw["farthest_off_road_m"]),
            float(raw["homestead_m2"]),
            CandidateRules(
                **{**rules, "not_on": tuple(rules["not_on"]), "but_on": tuple(rules["but_on"])}
            ),
            Solving(**raw["solving"]),
            {each.key: each for each in services},
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise SetUpError(
            reason=f"无法读取服务设施文件 {PATH}：{error}。请恢复或改正该文件后重试。",
            reason_en=f"Cannot read the norms of services {PATH}: {error}. Restore it.",
        ) from error

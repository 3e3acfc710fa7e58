"""Assistance assets: about 1,800, worth each year's funds by source to the yuan."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

import numpy as np

from fuliang_gis.demo.layers.asset_places import AssetPlaces
from fuliang_gis.demo.layers.pv import pv_sites
from fuliang_gis.demo.layers.villages import key_levels
from fuliang_gis.demo.rows import Row, Value, day, letters, pick
from fuliang_gis.demo.settlements import Site
from fuliang_gis.demo.shares import split
from fuliang_gis.demo.world import World
from fuliang_gis.material import DATA

ASSETS = 1_800
WORKSHOPS = 7
WORKERS = 44
#: Values are whole multiples of this [yuan].
_UNIT = 100
_LEAST = 20


@dataclass(frozen=True)
class Kind:
    """A category: its class, form, nouns for names, how common it is and how dear [relative]."""

    asset_class: str
    form: str
    nouns: tuple[str, ...]
    share: float
    price: float


_PUBLIC, _OPERATING, _HOUSEHOLD = "public_welfare", "operating", "household"
KINDS = {
    "road": Kind(_PUBLIC, "fixed", ("通组公路", "入户道路", "便民桥", "机耕路"), 0.24, 3.2),
    "drinking_water": Kind(_PUBLIC, "fixed", ("饮水管网", "蓄水池"), 0.09, 1.8),
    "irrigation": Kind(_PUBLIC, "fixed", ("灌溉水渠", "山塘加固", "拦水坝"), 0.12, 2.2),
    "sanitation": Kind(_PUBLIC, "fixed", ("排污管沟", "垃圾集中屋", "污水池"), 0.08, 1.1),
    "education": Kind(_PUBLIC, "fixed", ("教学点修缮",), 0.02, 2.2),
    "health": Kind(_PUBLIC, "fixed", ("卫生室",), 0.025, 1.5),
    "culture": Kind(_PUBLIC, "fixed", ("文化广场", "健身场地", "农家书屋"), 0.09, 1.2),
    "power": Kind(_PUBLIC, "fixed", ("太阳能路灯", "农网改造"), 0.06, 0.8),
    "industry_base": Kind(
        _OPERATING, "fixed", ("茶叶基地", "油茶基地", "蔬菜基地", "食用菌基地", "冷库"), 0.1, 4.5
    ),
    "tourism": Kind(_OPERATING, "fixed", ("民宿", "游步道", "游客服务点"), 0.025, 4.0),
    "equipment": Kind(_OPERATING, "fixed", ("制茶设备", "农机具", "烘干设备"), 0.05, 0.9),
    "livestock": Kind(_HOUSEHOLD, "biological", ("养蜂", "养牛", "茶苗", "油茶苗"), 0.1, 0.06),
    "pv": Kind(_OPERATING, "fixed", ("光伏电站资产",), 0.0, 6.0),
    "workshop": Kind(_OPERATING, "fixed", ("帮扶车间",), 0.0, 5.0),
}
_USE = {
    "in_use": 0.905,
    "underused": 0.042,
    "idle": 0.032,
    "damaged": 0.014,
    "lost": 0.003,
    "disposed": 0.007,
}
_REVIVALS = {"underused": "upgrade", "idle": "revive", "damaged": "adjust"}
_REVIVALS |= dict.fromkeys(("lost", "disposed"), "adjust")


@dataclass(frozen=True)
class Fund:
    """What one source gave in one year [yuan]."""

    year: int
    source: str
    yuan: int


@dataclass(frozen=True)
class Item:
    """One asset before it has a place: village number, category, fund and value [yuan]."""

    village: int
    kind: str
    year: int
    source: str
    yuan: int


@cache
def funds() -> tuple[Fund, ...]:
    """Return the funds by year and source; 2022 as published, earlier years invented."""
    with (DATA / "demo" / "funds.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Fund(int(row["year"]), row["fund_source"], int(Decimal(row["amount_wan"]) * 10_000))
            for row in csv.DictReader(file)
        )


def asset_rows(world: World) -> Iterator[Row]:
    """Yield the assets, village by village."""
    rng = world.rng(61)
    places = AssetPlaces.of(world)
    workers = iter(split(WORKERS, rng.uniform(0.5, 2, WORKSHOPS), least=3).tolist())
    items = sorted(_items(world, rng), key=lambda item: (item.village, item.year))
    for number, item in enumerate(items):
        hands = next(workers) if item.kind == "workshop" else None
        yield _row(world, places, number, item, hands, rng)


def _items(world: World, rng: np.random.Generator) -> Iterator[Item]:
    kept = list(_reserved(world, rng))
    total = sum(fund.yuan for fund in funds())
    left = {fund: fund.yuan - _spent(kept, fund) for fund in funds()}
    numbers = split(ASSETS - len(kept), [fund.yuan / total for fund in funds()], least=3)
    yield from kept
    special = ["workshop"] * WORKSHOPS
    for fund, count in zip(funds(), numbers.tolist(), strict=True):
        first = special if (fund.year, fund.source) == (2018, "central_province") else []
        yield from _of_fund(world, fund, left[fund], count, first, rng)


def _spent(items: Sequence[Item], fund: Fund) -> int:
    return sum(i.yuan for i in items if (i.year, i.source) == (fund.year, fund.source))


def _reserved(world: World, rng: np.random.Generator) -> Iterator[Item]:
    """Yield what key villages and PV stations are known to have got.

    Provincial key villages get at least 100 万元 in 2022, county ones 30 万元 each.
    """
    for village, level in sorted(key_levels(world).items()):
        if level == "province":
            units = split(int(rng.integers(11_000, 16_000)), rng.uniform(1, 3, 3))
            kinds = ("road", "industry_base", "culture")
            for kind, part in zip(kinds, units.tolist(), strict=True):
                yield Item(village, kind, 2022, "central_province", part * _UNIT)
        if level == "county":
            kind = pick(rng, {"road": 3, "irrigation": 2, "sanitation": 1})
            yield Item(village, kind, 2022, "county", 300_000)
    for village in pv_sites(world):
        yield Item(village, "pv", 2017, "central_province", int(rng.integers(3200, 7200)) * _UNIT)


def _of_fund(
    world: World,
    fund: Fund,
    yuan: int,
    count: int,
    first: Sequence[str],
    rng: np.random.Generator,
) -> Iterator[Item]:
    shares = {name: kind.share for name, kind in KINDS.items()}
    kinds = [*first, *(pick(rng, shares) for _ in range(count - len(first)))]
    prices = [KINDS[kind].price * rng.lognormal(0, 0.55) for kind in kinds]
    values = split(yuan // _UNIT, prices, least=_LEAST)
    rural = np.array(world.rural)
    weights = np.where(np.isin(rural, list(key_levels(world))), 2.6, 1.0)
    villages = rng.choice(rural, count, p=weights / weights.sum()).tolist()
    for village, kind, units in zip(villages, kinds, values.tolist(), strict=True):
        yield Item(village, kind, fund.year, fund.source, units * _UNIT)


def _row(
    world: World,
    places: AssetPlaces,
    number: int,
    item: Item,
    workers: int | None,
    rng: np.random.Generator,
) -> Row:
    site, kind = world.sites[item.village], KINDS[item.kind]
    hamlet = int(rng.choice(world.hamlets_of[item.village]))
    noun = kind.nouns[int(rng.integers(len(kind.nouns)))]
    parts = (site.place, world.hamlets[hamlet].name, noun)
    use = "in_use" if item.year >= 2022 or item.kind == "workshop" else pick(rng, _USE)
    return Row(
        layer="assistance_assets",
        code=f"ZC-{site.code}-{number + 1:04d}",
        name="".join(parts),
        initials=letters(*parts),
        division_code=site.code,
        geom=places.place(item.kind, noun, item.village, hamlet, rng),
        asset_class=kind.asset_class,
        use_status=use,
        review_state="county_verified" if item.year < 2022 else "township_reviewed",
        custodian=f"{site.spoken}资产管护员",
        survey_date=day(rng, date(2022, 5, 1), date(2022, 10, 20)),
        fields=_fields(site, item, use, workers, rng),
    )


def _fields(
    site: Site, item: Item, use: str, workers: int | None, rng: np.random.Generator
) -> dict[str, Value]:
    kind = KINDS[item.kind]
    owner = "household" if kind.asset_class == _HOUSEHOLD else _owner(item.yuan, rng)
    confirmed = item.year < 2022 or bool(rng.uniform() < 0.3)
    operating = kind.asset_class == _OPERATING
    unit = "村股份经济合作社" if operating else "村民委员会"
    age = 2022 - item.year
    on = date(min(item.year + 1, 2022), int(rng.integers(1, 10)), int(rng.integers(1, 29)))
    return {
        "kind": item.kind,
        "form": kind.form,
        "formed_year": item.year,
        "fund_source": item.source,
        "original_value_yuan": Decimal(item.yuan),
        "book_value_yuan": Decimal(round(item.yuan * max(0.05, 1 - 0.05 * age))),
        "owner_level": owner,
        "ownership_confirmed": confirmed,
        "confirmed_on": on if confirmed else None,
        "certificate_no": f"示意-{site.code[-6:]}-{item.year}" if confirmed else None,
        "manager": f"{site.spoken.removesuffix('村')}{unit}",
        **(_operation(item, use, rng) if operating else {}),
        "beneficiary_workers": workers,
        "revival": _REVIVALS.get(use),
    }


def _operation(item: Item, use: str, rng: np.random.Generator) -> dict[str, Value]:
    mode = pick(rng, {"own": 3, "lease": 4, "contract": 2, "share": 1, "cooperate": 1})
    income = item.yuan * rng.uniform(0.03, 0.08) * {"in_use": 1.0, "underused": 0.3}.get(use, 0.0)
    leased = mode in {"lease", "contract"}
    return {
        "operation_mode": mode,
        "contract_end": date(2022 + int(rng.integers(1, 8)), 12, 31) if leased else None,
        "annual_income_yuan": Decimal(round(income, -2)),
    }


def _owner(yuan: int, rng: np.random.Generator) -> str:
    return pick(rng, {"village": 9, "township": 1.2, "county": 0.8 if yuan > 300_000 else 0.2})

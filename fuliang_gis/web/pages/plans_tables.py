"""The tables of a scheme, every number of which leads to the parcels that it comes from."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request

from fuliang_gis.exchange.plans.workbook import write_workbook
from fuliang_gis.exchange.tables import XLSX_TYPE
from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning.checks import Finding
from fuliang_gis.planning.codes import land_uses, under
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft, Parcel
from fuliang_gis.planning.reports import Report
from fuliang_gis.planning.standing import draft_at, report_at
from fuliang_gis.planning.tables.apportion import apportion
from fuliang_gis.planning.tables.transfers import Transfer
from fuliang_gis.reporting.plan_files import file_name
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.plans_view import look
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

#: Parcels that the list of a number shows.
_MOST = 300
#: Shades of the matrix: a cell has the shade of its share of the largest.
_SHADES = 4
_FLOWS = 60


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.get("/<int:plan_id>/tables")(show_tables)
    blueprint.get("/<int:plan_id>/tables.xlsx")(tables_xlsx)
    blueprint.app_template_filter("figure")(figure)


# --- numbers ---


@dataclass(frozen=True)
class Flow:
    """A cell of the transfer matrix: printed [m²], its shade from 0 to 4, and how many parcels."""

    m2: float
    shade: str
    key: str


@dataclass(frozen=True)
class Flows:
    """The transfer matrix as it is shown: totals are those of printed numbers [m²]."""

    before: Sequence[str]
    after: Sequence[str]
    cells: Mapping[tuple[str, str], Flow]
    out: Mapping[str, float]
    into: Mapping[str, float]

    @property
    def total(self) -> float:
        """Return all land of the matrix."""
        return round(math.fsum(self.out.values()), 2)

    def net(self, key: str) -> float:
        """Return what a use gains over all."""
        return round(self.into.get(key, 0.0) - self.out.get(key, 0.0), 2)


def flows(moved: Sequence[Transfer], order: Sequence[str]) -> Flows:
    """Return the matrix of transfers; printed numbers sum to the printed whole.

    Args:
        order: Keys of the structure table's rows in their order.
    """
    printed = apportion([each.m2 for each in moved], 2)
    sums = {(each.before, each.after): m2 for each, m2 in zip(moved, printed, strict=True)}
    most = max((m2 for (a, b), m2 in sums.items() if a != b), default=0.0)
    cells = {
        (a, b): Flow(m2, _shade(a == b, m2, most), f"transfer.{a}.{b}")
        for (a, b), m2 in sums.items()
    }
    before = [key for key in order if any(key == a for a, _ in sums)]
    after = [key for key in order if any(key == b for _, b in sums)]
    out = {a: _sum(m2 for (x, _), m2 in sums.items() if x == a) for a in before}
    into = {b: _sum(m2 for (_, y), m2 in sums.items() if y == b) for b in after}
    return Flows(before, after, cells, out, into)


def _shade(same: bool, m2: float, most: float) -> str:  # noqa: FBT001  # One of two kinds of cell.
    if same:
        return "same"
    return str(max(1, math.ceil(_SHADES * math.sqrt(m2 / most)))) if most else "0"


def _sum(values: Iterable[float]) -> float:
    return round(math.fsum(values), 2)


@dataclass(frozen=True)
class Reserve:
    """留白 against its limit: areas [m²] and shares [parts of 1] of construction land."""

    m2: float
    built_m2: float
    limit: float
    parcels: tuple[str, ...]

    @property
    def share(self) -> float:
        """Return the share of construction land."""
        return self.m2 / self.built_m2 if self.built_m2 else 0.0

    @property
    def over(self) -> bool:
        """Tell whether the limit is passed."""
        return self.share > self.limit + 1e-9


def reserve(draft: Draft, profile: Profile) -> Reserve:
    """Return how much land is kept open, of all construction land."""
    built = [p for p in draft.parcels.values() if profile.is_construction(p.edition, p.code)]
    kept = [p for p in built if under(p.code, profile.reserve_uses)]
    return Reserve(
        math.fsum(p.geom.area for p in kept),
        math.fsum(p.geom.area for p in built),
        profile.reserve_share,
        tuple(p.id for p in kept),
    )


@dataclass(frozen=True)
class Homesteads:
    """Homesteads of the target year: how many, of how many households, those that are too large."""

    parcels: tuple[str, ...]
    households: int
    m2: float
    over: tuple[Finding, ...]


def homesteads(draft: Draft, profile: Profile, findings: Iterable[Finding]) -> Homesteads:
    """Return the homesteads with what the check by prior use finds."""
    found = [p for p in draft.parcels.values() if under(p.code, profile.homestead_uses)]
    return Homesteads(
        tuple(p.id for p in found),
        sum(p.households for p in found),
        math.fsum(p.geom.area for p in found),
        tuple(each for each in findings if each.code == "homestead_area"),
    )


# --- the parcels of one number ---


@dataclass(frozen=True)
class CellParcels:
    """The parcels of one number: what it is called, of which year they are, and they themselves."""

    title: str
    year: str
    parcels: Sequence[Parcel]

    @property
    def m2(self) -> float:
        """Return the area of all of them."""
        return math.fsum(float(p.geom.area) for p in self.parcels)

    @property
    def ids(self) -> list[str]:
        """Return the ids of all of them."""
        return [p.id for p in self.parcels]


def cell_parcels(key: str, told: Report, draft: Draft, profile: Profile) -> CellParcels | None:
    """Return the parcels behind the number that a key names; None where it names none.

    Args:
        key: ``structure.<row>.<base|target>``, ``transfer.<from>.<to>``, ``goal.<n>``, ``reserve``
            or ``homestead``.
    """
    kind, _, rest = key.partition(".")
    first, _, second = rest.partition(".")
    names = {row.key: row.zh for row in told.structure}
    if kind == "structure":
        row = next((row for row in told.structure if row.key == first), None)
        if row is None or second not in ("base", "target"):
            return None
        side = row.base if second == "base" else row.target
        words = f"{row.zh}（{'基期' if second == 'base' else '目标'}）"
        return _parcels(words, second, side.parcels, draft)
    if kind == "transfer":
        moved = next((t for t in told.transfers if (t.before, t.after) == (first, second)), None)
        if moved is None:
            return None
        words = f"{names.get(first, first)} → {names.get(second, second)}"
        return _parcels(words, "target", moved.parcels, draft)
    if kind == "goal" and first.isascii() and first.isdigit() and int(first) < len(told.goals):
        goal = told.goals[int(first)]
        return _parcels(goal.goal.zh, "target", goal.parcels, draft)
    if kind == "reserve":
        return _parcels("留白用地", "target", reserve(draft, profile).parcels, draft)
    if kind == "homestead":
        return _parcels("宅基地", "target", homesteads(draft, profile, ()).parcels, draft)
    return None


def _parcels(title: str, year: str, names: Iterable[str], draft: Draft) -> CellParcels:
    held = draft.base if year == "base" else draft.parcels
    return CellParcels(title, year, [held[name] for name in names if name in held])


# --- pages ---


def show_tables(plan_id: int) -> str:
    """Show goals, structure, transfers, reserve and homesteads beside the map."""
    actor = require_actor()
    with database().session() as session:
        looked = look(session, actor, plan_id)
        draft, told = report_at(session, looked.plan, looked.scheme, looked.ordinal)
    names = {row.key: row.zh for row in told.structure}
    chosen = request.args.get("cell", "")
    return render_template(
        "plans/tables.html",
        looked=looked,
        told=told,
        has_base=bool(draft.base),
        names=names,
        flows=flows(told.transfers, list(names)),
        drawn=_drawn(told.transfers, names),
        reserve=reserve(draft, looked.profile),
        homesteads=homesteads(draft, looked.profile, told.findings),
        profile=looked.profile,
        cell=cell_parcels(chosen, told, draft, looked.profile) if chosen else None,
        uses=land_uses(looked.plan.edition),
        most=_MOST,
        asked=chosen,
    )


def _drawn(moved: Sequence[Transfer], names: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the largest flows for the chart; what stays what it was would hide the rest."""
    changed = [each for each in moved if each.before != each.after]
    return [
        {
            "before": names.get(each.before, each.before),
            "after": names.get(each.after, each.after),
            "ha": round(hectares(each.m2), 4),
        }
        for each in changed[:_FLOWS]
    ]


def tables_xlsx(plan_id: int) -> Response:
    """Give every table as a workbook."""
    actor = require_actor()
    with database().session() as session:
        looked = look(session, actor, plan_id)
        draft = draft_at(session, looked.plan, looked.scheme, looked.ordinal)
    file = io.BytesIO()
    write_workbook(file, draft, looked.profile, invented=looked.plan.invented)
    name = file_name(looked.row, looked.scheme.title, "规划表", ".xlsx")
    return named_file(file.getvalue(), XLSX_TYPE, name, rows=len(draft.parcels))

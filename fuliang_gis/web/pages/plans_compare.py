"""Two states of a plan side by side: what became what, and by how much every table differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from flask import Blueprint, Response, make_response, render_template, request, url_for
from shapely.geometry import mapping

from fuliang_gis.errors import NotFound
from fuliang_gis.exchange.plans.colours import colour_of
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.kept import Kept
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.comparing import (
    KINDS,
    Difference,
    Piece,
    changed,
    differences,
    overlay,
)
from fuliang_gis.planning.parcels import Draft, Parcel
from fuliang_gis.planning.standing import draft_at
from fuliang_gis.planning.tables.goals import reckon
from fuliang_gis.planning.tables.structure import row_of, structure
from fuliang_gis.web.context import database
from fuliang_gis.web.pages import plans_asked
from fuliang_gis.web.pages.plans_asked import Ref
from fuliang_gis.web.pages.plans_view import Looked, look, sketch_of
from fuliang_gis.web.session import require_actor

#: Rows of the lists that one page shows.
_MOST = 200
#: Decimals [m] of changed pieces told to the map.
_FINE = 3
#: Comparisons that one process keeps: versions never change, so neither does what differs.
_KEPT = 8


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.get("/<int:plan_id>/compare")(show_compare)
    blueprint.get("/<int:plan_id>/compare/changes.json")(changes)


@dataclass(frozen=True)
class Side:
    """One state: its parcels, what it is called, and what its map draws."""

    ref: Ref
    title: str
    parcels: Mapping[str, Parcel]
    draft: Draft
    sketch: str

    @property
    def shows(self) -> str:
        """Return which year of its sketch the map shows."""
        return "base" if self.ref.scheme_id is None else "target"

    @property
    def state(self) -> Draft:
        """Return the draft whose target year is this state."""
        return Draft(
            self.draft.boundary, self.parcels, self.draft.base, self.draft.lines, self.draft.goals,
            self.draft.edition, self.draft.population,
        )  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """What differs between two states."""

    pieces: tuple[Piece, ...]
    differences: tuple[Difference, ...]

    @property
    def m2(self) -> float:
        """Return how much land changes its use."""
        return sum(each.m2 for each in self.pieces)


#: Comparisons by what they compare.
_comparisons = Kept[tuple[object, ...], Compared](_KEPT)


def _differing(left: Side, right: Side) -> Compared:
    pieces = changed(overlay(left.parcels, right.parcels))
    named = None not in (left.ref.scheme_id, right.ref.scheme_id)
    return Compared(tuple(pieces), tuple(differences(left.parcels, right.parcels, names=named)))


def show_compare(plan_id: int) -> str:
    """Show two states beside each other: maps, changed land, tables, parcels."""
    looked, left, right, found = _compared(plan_id)
    edition = looked.plan.edition
    uses = land_uses(edition)
    kinds = Counter(kind for each in found.differences for kind in each.kinds)
    return render_template(
        "plans/compare.html",
        looked=looked,
        left=left,
        right=right,
        found=found,
        changes=url_for("plans.changes", plan_id=plan_id, left=left.ref, right=right.ref),
        offered=_offered(looked),
        rows=_by_use(found.pieces, edition),
        structure=_structures(looked, left, right),
        goals=_goals(looked, left, right),
        transfers=_transfers(looked, found.pieces, left, right),
        kinds=KINDS,
        counts=kinds,
        listed=found.differences[:_MOST],
        most=_MOST,
        label=lambda code: uses[code].label if code in uses else "无图斑",
    )


def changes(plan_id: int) -> Response:
    """Give the land whose use differs, with the colours of both uses."""
    looked, _, _, found = _compared(plan_id)
    edition = looked.plan.edition
    told = [
        {
            "from": each.before,
            "to": each.after,
            "edge": _colour(edition, each.before),
            "colour": _colour(edition, each.after),
            "parcels": [name for name in (each.left, each.right) if name],
            "geometry": mapping(shapely.transform(each.geom, lambda at: np.round(at, _FINE))),
        }
        for each in found.pieces
    ]
    return make_response(told)


def _colour(edition: str, code: str) -> str:
    red, green, blue = colour_of(edition, code, "standard")
    return f"rgb({red} {green} {blue})"


def _compared(plan_id: int) -> tuple[Looked, Side, Side, Compared]:
    actor = require_actor()
    with database().session() as session:
        looked = look(session, actor, plan_id)
        left, right = _sides(session, looked)
    place = database().engine.url.database or ""
    key = (place, plan_id, looked.plan.version, str(left.ref), str(right.ref))
    return looked, left, right, _comparisons.of(key, lambda: _differing(left, right))


def _sides(session: Transaction, looked: Looked) -> tuple[Side, Side]:
    """Return what the address names; by default the base year against the main scheme."""
    left = plans_asked.ref(request.args.get("left", "")) or Ref(None)
    right = plans_asked.ref(request.args.get("right", "")) or Ref(looked.scheme.id)
    return _side(session, looked, left), _side(session, looked, right)


def _side(session: Transaction, looked: Looked, asked: Ref) -> Side:
    of = looked.scheme.id if asked.scheme_id is None else asked.scheme_id
    row = next((each for each in looked.schemes if each.scheme.id == of), None)
    head = row.scheme.head if row else 0
    ordinal = head if asked.ordinal is None else asked.ordinal
    if row is None or ordinal > head:
        raise NotFound(what="规划方案", key=str(asked))
    draft = draft_at(session, looked.plan, row.scheme, ordinal)
    sketch = sketch_of(of, ordinal)
    if asked.scheme_id is None:
        return Side(asked, f"基期现状（{looked.plan.base_year} 年）", draft.base, draft, sketch)
    title = row.scheme.title + (f" 第 {ordinal} 版" if ordinal else "（还没有版本）")
    return Side(Ref(of, ordinal or None), title, draft.parcels, draft, sketch)


def _offered(looked: Looked) -> list[tuple[str, str]]:
    """Return what may be compared: the base year, each scheme as it is, its last versions."""
    found = [("base", f"基期现状（{looked.plan.base_year} 年）")]
    for row in looked.schemes:
        scheme = row.scheme
        if not scheme.head:
            found.append((str(scheme.id), f"{scheme.title}（还没有版本）"))
        for ordinal in range(scheme.head, max(scheme.head - 20, 0), -1):
            newest = "，最新" if ordinal == scheme.head else ""
            said = f"{scheme.title} 第 {ordinal} 版{newest}"
            found.append((f"{scheme.id}@{ordinal}", said))
    return found


# --- tables ---


@dataclass(frozen=True)
class UseChange:
    """Land [m²] of one use that became another, with the parcels of either side."""

    before: str
    after: str
    m2: float
    colours: tuple[str, str]
    parcels: tuple[str, ...]


def _by_use(pieces: Sequence[Piece], edition: str) -> list[UseChange]:
    sums: dict[tuple[str, str], list[Piece]] = {}
    for each in pieces:
        sums.setdefault((each.before, each.after), []).append(each)
    found = [
        UseChange(
            before,
            after,
            sum(each.m2 for each in some),
            (_colour(edition, before), _colour(edition, after)),
            tuple(dict.fromkeys(n for p in some for n in (p.left, p.right) if n)),
        )
        for (before, after), some in sums.items()
    ]
    return sorted(found, key=lambda each: -each.m2)


@dataclass(frozen=True)
class Beside:
    """A number on both sides, in one unit; None where a side has none."""

    label: str
    unit: str
    left: float | None
    right: float | None
    depth: int = 0

    @property
    def change(self) -> float | None:
        """Return by how much the right one is more."""
        if self.left is None or self.right is None:
            return None
        return round(self.right - self.left, 6)


def _structures(looked: Looked, left: Side, right: Side) -> list[Beside]:
    sides = [
        {row.key: row for row in structure(side.state, looked.profile)} for side in (left, right)
    ]
    rows = [*sides[0].values(), *(row for key, row in sides[1].items() if key not in sides[0])]
    order = {row.key: i for i, row in enumerate(sorted(rows, key=lambda r: r.key == "total"))}
    found = []
    for row in sorted(rows, key=lambda r: order[r.key]):
        here, there = (side.get(row.key) for side in sides)
        values = [0.0 if each is None else each.target.ha for each in (here, there)]
        found.append(Beside(row.zh, "公顷", values[0], values[1], row.depth))
    return found


def _goals(looked: Looked, left: Side, right: Side) -> list[Beside]:
    sides = [reckon(side.state, looked.profile) for side in (left, right)]
    return [
        Beside(one.goal.zh, one.goal.unit, one.target, other.target)
        for one, other in zip(*sides, strict=True)
    ]


def _transfers(
    looked: Looked, pieces: Sequence[Piece], left: Side, right: Side
) -> list[tuple[str, str, float]]:
    """Return how much land [m²] goes from one row of the structure table to another."""
    profile = looked.profile
    names = {r.key: r.zh for side in (left, right) for r in structure(side.state, profile)}
    sums: dict[tuple[str, str], float] = {}
    for each in pieces:
        rows = [
            names.get(row_of(side[name], profile), "其他") if name else "无图斑"
            for name, side in ((each.left, left.parcels), (each.right, right.parcels))
        ]
        if rows[0] != rows[1]:
            key = (rows[0], rows[1])
            sums[key] = sums.get(key, 0.0) + each.m2
    return sorted(((a, b, m2) for (a, b), m2 in sums.items()), key=lambda each: -each[2])

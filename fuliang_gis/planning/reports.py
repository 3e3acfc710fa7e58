"""What checks and tables tell of a scheme; checkers are kept, so that a save re-checks its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock

from sqlalchemy.orm import Session

from fuliang_gis.planning.checks import Checker, Finding
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Draft, Parcel
from fuliang_gis.planning.tables.goals import Reckoned, reckon
from fuliang_gis.planning.tables.structure import Row, structure
from fuliang_gis.planning.tables.transfers import Transfer, transfers

#: Schemes whose checkers are kept by one process.
_KEPT = 8


@dataclass(frozen=True)
class Report:
    """Findings, worst first, and the tables of a scheme at a version."""

    ordinal: int
    findings: tuple[Finding, ...]
    structure: tuple[Row, ...]
    transfers: tuple[Transfer, ...]
    goals: tuple[Reckoned, ...]


def report(
    session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int | None = None
) -> Report:
    """Check a scheme as it is, or as it was at a version, and reckon its tables."""
    standing = scheme.head if ordinal is None else ordinal
    return report_of(session, plan, scheme, standing, draft_of(session, plan, scheme, standing))


def report_of(
    session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int, draft: Draft
) -> Report:
    """Check a scheme whose draft at a version has been read already, and reckon its tables."""
    numbers = profile(plan.profile)
    database = session.get_bind().engine.url.database or ""
    with _checkers.lent((database, scheme.id), draft, plan.profile) as checker:
        findings = tuple(checker.findings())
    return Report(
        ordinal,
        findings,
        tuple(structure(draft, numbers)),
        tuple(transfers(draft, numbers)),
        tuple(reckon(draft, numbers)),
    )


class _Checkers:
    """Checkers by scheme, brought up to date by what differs from the draft they last saw."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, int], Checker] = OrderedDict()

    @contextmanager
    def lent(self, key: tuple[str, int], draft: Draft, profile_name: str) -> Iterator[Checker]:
        """Lend a checker that has seen a draft; meanwhile nobody else has it."""
        with self._lock:
            known = self._kept.pop(key, None)
        if known is None or not _same_ground(known.draft, draft):
            known = Checker(draft, profile(profile_name))
        elif changes := _changes(known.draft.parcels, draft.parcels):
            known.edit(changes)
        yield known
        with self._lock:
            self._kept[key] = known
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


_checkers = _Checkers()


def _same_ground(one: Draft, other: Draft) -> bool:
    return replace(one, parcels={}) == replace(other, parcels={})


def _changes(before: Mapping[str, Parcel], after: Mapping[str, Parcel]) -> dict[str, Parcel | None]:
    changed: dict[str, Parcel | None] = {
        name: each for name, each in after.items() if before.get(name) != each
    }
    return changed | {name: None for name in before if name not in after}

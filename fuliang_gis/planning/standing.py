"""A scheme as it stands with its report, kept: pages ask for the same version again and again."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.kept import Kept
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PlanScheme, PlanVersion, PlanWaiver, VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.reports import Report, report_of
from fuliang_gis.planning.tables.line_matrix import LineMatrix, line_matrix

#: Versions that one process keeps: a large village takes some 20 MB.
_KEPT = 4

Key = tuple[object, ...]


@dataclass
class Standing:
    """A scheme at a version; its report and matrix are made when they are first asked for."""

    draft: Draft
    report: Report | None = None
    matrix: LineMatrix | None = None


#: What was read last, by everything that it depends on.
_standings = Kept[Key, Standing](_KEPT)


def draft_at(session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int) -> Draft:
    """Return a scheme as it was at a version, read once as long as nothing about it changes."""
    return _standing(session, plan, scheme, ordinal).draft


def report_at(
    session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int
) -> tuple[Draft, Report]:
    """Return a scheme as it was at a version with its report, checked once."""
    found = _standing(session, plan, scheme, ordinal)
    if found.report is None:
        found.report = report_of(session, plan, scheme, ordinal, found.draft)
    return found.draft, found.report


def matrix_at(session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int) -> LineMatrix:
    """Return control lines against land uses of a scheme as it was at a version."""
    found = _standing(session, plan, scheme, ordinal)
    if found.matrix is None:
        found.matrix = line_matrix(found.draft, profile(plan.profile))
    return found.matrix


def _standing(session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int) -> Standing:
    key = _key(session, plan, scheme, ordinal)
    return _standings.of(key, lambda: Standing(draft_of(session, plan, scheme, ordinal)))


def _key(session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int) -> Key:
    """Return all that a report depends on: a version never changes, what it is held to may."""
    # Which of these hold for a version does not change either.
    waivers = session.scalars(
        select(PlanWaiver.id)
        .where(PlanWaiver.plan_id == plan.id, PlanWaiver.revoked_at.is_(None))
        .order_by(PlanWaiver.id)
    )
    digest = session.scalar(
        select(PlanVersion.digest).where(
            PlanVersion.scheme_id == scheme.id, PlanVersion.ordinal == ordinal
        )
    )
    return (
        session.get_bind().engine.url.database,
        plan.id,
        plan.created_at,
        plan.version,
        plan.population,
        plan.profile,
        json.dumps(plan.goals, sort_keys=True),
        scheme.id,
        ordinal,
        digest,
        tuple(waivers),
    )

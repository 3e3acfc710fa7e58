"""Reading one location's whole history: what was owed, done, found wrong, decided and changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.inspections.models import (
    Attachment,
    Defect,
    DefectEvent,
    DefectMeasure,
    Disposal,
    InspectionException,
    InspectionRule,
    Obligation,
    ProblemReport,
    Visit,
)
from fuliang_gis.inspections.status.history import (
    Disposed,
    Excepted,
    Ledger,
    Measure,
    Owed,
    Problem,
    Reported,
    Step,
    Visited,
)
from fuliang_gis.inspections.status.queries import standing
from fuliang_gis.inspections.status.rules import phase_of
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import history


def ledger(session: Session, location: Location, today: date) -> Ledger:
    """Return a location's ledger; as many statements for a long history as for none."""
    return Ledger(
        today=today,
        standing=standing(session, location, today),
        owed=_owed(session, location.id, today),
        visits=_visits(session, location.id),
        problems=_problems(session, location.id),
        disposals=_disposals(session, location.id),
        exceptions=_exceptions(session, location.id),
        reports=_reports(session, location.id),
        changes=history(session, location),
    )


def _owed(session: Session, location_id: int, today: date) -> list[Owed]:
    statement = (
        select(Obligation, InspectionRule.title, Account.display_name)
        .outerjoin(InspectionRule, InspectionRule.id == Obligation.rule_id)
        .outerjoin(Account, Account.id == Obligation.assignee_id)
        .where(Obligation.location_id == location_id)
        .order_by(Obligation.due_on.desc(), Obligation.purpose, Obligation.ordinal.desc())
    )
    return [
        Owed(
            purpose=o.purpose,
            period=o.period,
            period_start=o.period_start,
            ordinal=o.ordinal,
            opens_on=o.opens_on,
            due_on=o.due_on,
            planned_on=o.planned_on,
            done_on=o.done_on,
            excuse=o.excuse,
            rule=rule,
            assignee=assignee,
            visit_id=o.visit_id,
            phase=phase_of(o.state, o.opens_on, o.due_on, o.done_on, today),
        )
        for o, rule, assignee in session.execute(statement)
    ]


def _visits(session: Session, location_id: int) -> list[Visited]:
    photos = (
        select(func.array_agg(Attachment.digest))
        .where(Attachment.visit_id == Visit.id, Attachment.role == "visit")
        .scalar_subquery()
    )
    statement = (
        select(Visit, photos)
        .where(Visit.location_id == location_id)
        .order_by(Visit.visited_at.desc(), Visit.id.desc())
    )
    return [
        Visited(
            id=v.id,
            uuid=str(v.uuid),
            purpose=v.purpose,
            inspector=v.inspector_name,
            visited_at=v.visited_at,
            received_at=v.received_at,
            distance_m=_number(v.distance_m),
            off_site=v.off_site,
            off_site_reason=v.off_site_reason,
            answers=v.answers,
            readings=v.readings,
            result=v.result,
            condition=v.condition,
            note=v.note,
            revision=v.revision,
            revision_reason=v.revision_reason,
            superseded_at=v.superseded_at,
            photos=digests or (),
        )
        for v, digests in session.execute(statement)
    ]


def _problems(session: Session, location_id: int) -> list[Problem]:
    of_location = select(Defect.id).where(Defect.location_id == location_id)
    measures: dict[int, list[Measure]] = {}
    for m in session.scalars(
        select(DefectMeasure)
        .where(DefectMeasure.defect_id.in_(of_location))
        .order_by(DefectMeasure.ordinal)
    ):
        kept = Measure(m.ordinal, m.text, m.state, m.due_on, m.rejections)
        measures.setdefault(m.defect_id, []).append(kept)
    steps: dict[int, list[Step]] = {}
    for e in session.scalars(
        select(DefectEvent)
        .where(DefectEvent.defect_id.in_(of_location))
        .order_by(DefectEvent.at, DefectEvent.id)
    ):
        steps.setdefault(e.defect_id, []).append(Step(e.action, e.actor_name, e.at, e.text))
    found = session.scalars(
        select(Defect)
        .where(Defect.location_id == location_id)
        .order_by(Defect.found_at.desc(), Defect.id.desc())
    )
    return [
        Problem(
            id=d.id,
            number=d.number,
            title=d.title,
            description=d.description,
            category=d.category,
            severity=d.severity,
            source=d.source,
            state=d.state,
            found_by=d.found_by_name,
            found_at=d.found_at,
            due_on=d.due_on,
            closed_at=d.closed_at,
            closing_note=d.closing_note,
            cost_yuan=_number(d.cost_yuan),
            rejections=d.rejections,
            reopenings=d.reopenings,
            measures=measures.get(d.id, ()),
            steps=steps.get(d.id, ()),
        )
        for d in found
    ]


def _disposals(session: Session, location_id: int) -> list[Disposed]:
    statement = select(Disposal).where(Disposal.location_id == location_id)
    return [
        Disposed(
            act=d.act,
            way=d.way,
            trigger=d.trigger,
            proposal=d.proposal,
            state=d.state,
            proposed_at=d.proposed_at,
            decided_at=d.decided_at,
            approval_no=d.approval_no,
            opinion=d.opinion,
            done_on=d.done_on,
            income_yuan=_number(d.income_yuan),
            result=d.result,
        )
        for d in session.scalars(statement.order_by(Disposal.id.desc()))
    ]


def _exceptions(session: Session, location_id: int) -> list[Excepted]:
    e = InspectionException
    statement = (
        select(
            e.purpose,
            e.period,
            e.count,
            e.reason,
            e.valid_from,
            e.valid_to,
            Account.display_name,
            e.created_at,
            e.revoked_at,
        )
        .outerjoin(Account, Account.id == e.created_by)
        .where(e.location_id == location_id)
        .order_by(e.id.desc())
    )
    return [Excepted(*row) for row in session.execute(statement)]


def _reports(session: Session, location_id: int) -> list[Reported]:
    columns = (getattr(ProblemReport, name) for name in Reported.__dataclass_fields__)
    statement = select(*columns).where(ProblemReport.location_id == location_id)
    return [Reported(*row) for row in session.execute(statement.order_by(ProblemReport.id.desc()))]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)

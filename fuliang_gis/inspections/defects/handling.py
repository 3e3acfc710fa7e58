"""What every act on a problem does around its own: fetch, refuse, write back, tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import has, require
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import Json
from fuliang_gis.errors import Conflict, Invalid, NotFound, Problem, VersionRequired
from fuliang_gis.inspections.defects import rules
from fuliang_gis.inspections.defects.given import MeasureGiven
from fuliang_gis.inspections.defects.rules import Act, Case, MeasureFacts
from fuliang_gis.inspections.models import Attachment, Defect, DefectEvent, DefectMeasure
from fuliang_gis.inspections.status import operations as status
from fuliang_gis.inspections.visits.attachments import attach
from fuliang_gis.inspections.visits.files import Kept

#: Who acts where nobody does.
SYSTEM_NAME = "系统"
#: Most photos of one problem, before and after.
MOST_PHOTOS: Final = 200


class Handled:
    """One problem with its measures, locked until the transaction ends.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """

    def __init__(
        self, session: Session, actor: Actor, number: str, act: Act, expected_version: int | None
    ) -> None:
        self.session, self.actor, self.act = session, actor, act
        self.defect = fetch(session, number)
        require_act(session, actor, act, self.defect.state, self.defect.division_code)
        require_version(self.defect, expected_version)
        self.measures = measures_of(session, self.defect)
        rules.require_state(self.case, act)

    @property
    def case(self) -> Case:
        """What is decided about it so far."""
        return case_of(self.defect, self.measures)

    def measure(self, ordinal: int) -> DefectMeasure:
        """Return one of its measures.

        Raises:
            NotFound: It has none of that number.
        """
        key = self.case.measure(ordinal).key
        return next(row for row in self.measures if row.ordinal == key)

    def settle(self, case: Case) -> None:
        """Write what was decided into the rows."""
        now = clock.now()
        for row in self.measures:
            facts = case.measure(row.ordinal)
            if facts.state != row.state:
                row.fixed_at = None if facts.state == "open" else row.fixed_at or now
                row.verified_at = now if facts.state == "verified" else None
            row.state, row.rejections = facts.state, facts.rejections
            row.fixed_by, row.verified_by = facts.fixed_by, facts.verified_by
        defect = self.defect
        if (case.state in ("verified", "closed")) is not (defect.verified_at is not None):
            defect.verified_at = now if case.state in ("verified", "closed") else None
        defect.state = case.state
        defect.rejections, defect.reopenings = case.rejections, case.reopenings

    def tell(
        self,
        text: str | None,
        detail: Json | None = None,
        *,
        measure: DefectMeasure | None = None,
        act: Act | None = None,
    ) -> None:
        """Add one event to its way."""
        told = act or self.act
        add_event(self.session, self.actor, self.defect, told, text, detail or {}, measure=measure)

    def done(self, detail: Json | None = None) -> Defect:
        """Count the version up, and tell the audit record and the location's status."""
        defect = self.defect
        defect.version += 1
        defect.updated_at = clock.now()
        finish(self.session, self.actor, defect, self.act, detail)
        return defect


def fetch(session: Session, number: str) -> Defect:
    """Return a problem wherever it lies, locked until the transaction ends; the caller decides.

    Raises:
        NotFound: There is none of that number.
    """
    # Events that a visit adds to it only share its key, and need not wait.
    wanted = select(Defect).where(Defect.number == number).with_for_update(key_share=True)
    # Another transaction may have changed it since this session read it.
    defect = session.scalar(wanted.execution_options(populate_existing=True))
    if defect is None:
        raise NotFound(what="问题", key=number)
    return defect


def require_act(session: Session, actor: Actor, act: Act, state: str, division_code: str) -> None:
    """Refuse unless the actor holds one of the permissions of the act there.

    Raises:
        Forbidden, OutsideDivision: As they say.
    """
    permissions = rules.permissions_of(act, state)
    held = next((each for each in permissions if has(actor, each)), permissions[0])
    division = session.get(Division, division_code)
    require(actor, held, division_code, division.name if division else None)


def require_version(defect: Defect, expected: int | None) -> None:
    """Refuse an act that is based on another version than the present one.

    Raises:
        VersionRequired: None is told.
        Conflict: Somebody was faster.
    """
    if expected is None:
        raise VersionRequired
    if defect.version != expected:
        raise Conflict(name=defect.number, current=defect.version, expected=expected)


def measures_of(session: Session, defect: Defect) -> list[DefectMeasure]:
    """Return the measures of a problem in order."""
    wanted = select(DefectMeasure).where(DefectMeasure.defect_id == defect.id)
    ordered = wanted.order_by(DefectMeasure.ordinal)
    return list(session.scalars(ordered.execution_options(populate_existing=True)))


def case_of(defect: Defect, measures: Sequence[DefectMeasure]) -> Case:
    """Return what is decided about a problem so far."""
    facts = (
        MeasureFacts(row.ordinal, row.state, row.fixed_by, row.verified_by, row.rejections)
        for row in measures
    )
    return Case(defect.number, defect.state, tuple(facts), defect.rejections, defect.reopenings)


def add_measures(
    session: Session, defect: Defect, given: Sequence[MeasureGiven], after: int
) -> None:
    """Add measures behind the ordinal ``after``."""
    for ordinal, each in enumerate(given, after + 1):
        session.add(
            DefectMeasure(
                defect_id=defect.id,
                division_code=defect.division_code,
                ordinal=ordinal,
                text=each.text.strip(),
                responsible_unit=each.responsible_unit,
                due_on=each.due_on,
            )
        )


def add_event(
    session: Session,
    actor: Actor | None,
    defect: Defect,
    act: Act,
    text: str | None,
    detail: Json,
    *,
    measure: DefectMeasure | None = None,
) -> None:
    """Add one event to a problem's way; without an actor it is the service's own."""
    session.add(
        DefectEvent(
            defect_id=defect.id,
            measure_id=measure.id if measure else None,
            division_code=defect.division_code,
            action=act.value,
            actor_id=actor.account_id if actor else None,
            actor_name=actor.display_name if actor else SYSTEM_NAME,
            text=text,
            detail=detail,
        )
    )
    session.flush()


def finish(
    session: Session, actor: Actor, defect: Defect, act: Act, detail: Json | None = None
) -> None:
    """Tell the audit record of an act, and the location's status."""
    audit.record(
        session,
        actor,
        f"{act.value}_defect",
        f"defect/{defect.number}",
        division_code=defect.division_code,
        detail={"version": defect.version, "state": defect.state, **(detail or {})},
    )
    if defect.location_id is not None:
        status.refresh(session, [defect.location_id])
    session.flush()


def keep_photos(
    session: Session, actor: Actor, defect: Defect, kept: Sequence[Kept], role: str
) -> list[str]:
    """Tie photos to a problem; return their digests for the event that tells of them.

    Raises:
        Invalid: It would have more than ``MOST_PHOTOS``.
    """
    present = select(func.count()).where(Attachment.defect_id == defect.id)
    if kept and (session.scalar(present) or 0) + len(kept) > MOST_PHOTOS:
        zh = f"一个问题最多 {MOST_PHOTOS} 张照片，请只留能说明情况的。"
        raise Invalid([Problem("too_many", zh, f"At most {MOST_PHOTOS} photos.", "photos")])
    for each in kept:
        attach(
            session,
            each,
            role=role,
            division_code=defect.division_code,
            uploaded_by=actor.account_id,
            defect_id=defect.id,
        )
    return [each.digest for each in kept]

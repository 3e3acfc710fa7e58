"""Photos of problems and papers of disposals that are added by themselves, beside the other acts.

Adding one changes nothing else, nor the version; the problem's way or the audit record tells of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import has, require
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.inspections.defects import disposal_rules, rules
from fuliang_gis.inspections.defects.handling import (
    add_event,
    case_of,
    fetch,
    finish,
    keep_photos,
    measures_of,
    require_act,
)
from fuliang_gis.inspections.defects.rules import Act
from fuliang_gis.inspections.models import Attachment, Defect, DefectEvent, DefectMeasure, Disposal
from fuliang_gis.inspections.visits.attachments import attach
from fuliang_gis.inspections.visits.files import Kept

Side = Literal["before", "after"]

#: Most papers of one disposal.
MOST_PAPERS: Final = 20
#: Who may do this adds photos of that side.
_ACTS: Final = {"before": Act.FIND, "after": Act.FIX}
_TEXTS: Final = {"before": "补充整改前照片", "after": "补充整改后照片"}


def may_add_photos(session: Session, actor: Actor, number: str, side: Side) -> None:
    """Refuse who may add no photos, before one is unpacked for nothing.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
    """
    defect = session.scalar(select(Defect).where(Defect.number == number))
    if defect is None:
        raise NotFound(what="问题", key=number)
    require_act(session, actor, _ACTS[side], defect.state, defect.division_code)


def add_photos(
    session: Session,
    actor: Actor,
    number: str,
    kept: Sequence[Kept],
    side: Side,
    ordinal: int | None = None,
) -> Defect:
    """Add photos of before the repair, or of after it to one measure; the same one counts once.

    Raises:
        Invalid: Photos of after name no measure, those of before name one, or there are too many.
        WrongState: The problem is closed, or the measure is verified.
        NotFound, Forbidden, OutsideDivision: As they say.
    """
    defect = fetch(session, number)
    require_act(session, actor, _ACTS[side], defect.state, defect.division_code)
    if (ordinal is None) is (side == "after"):
        zh = "整改后照片要指明是哪一条措施，整改前照片不用。"
        en = "A photo of after names its measure; one of before names none."
        raise Invalid([Problem("required", zh, en, "measure")])
    measures = measures_of(session, defect)
    rules.require_photos(case_of(defect, measures), ordinal)
    measure = next((each for each in measures if each.ordinal == ordinal), None)
    held = _digests(session, defect, side)
    by_digest = {each.digest: each for each in kept}
    keep_photos(
        session, actor, defect, [k for digest, k in by_digest.items() if digest not in held], side
    )
    shown = held if measure is None else _shown_with(session, measure)
    if told := [digest for digest in by_digest if digest not in shown]:
        detail: dict[str, object] = {"photos": told, "role": side}
        text = f"{_TEXTS[side]} {len(told)} 张"
        add_event(session, actor, defect, Act.COMMENT, text, detail, measure=measure)
        finish(session, actor, defect, Act.COMMENT, detail)
    return defect


def _digests(session: Session, defect: Defect, side: Side) -> set[str]:
    wanted = select(Attachment.digest).where(
        Attachment.defect_id == defect.id, Attachment.role == side
    )
    return set(session.scalars(wanted))


def _shown_with(session: Session, measure: DefectMeasure) -> set[str]:
    details = select(DefectEvent.detail).where(DefectEvent.measure_id == measure.id)
    return {digest for detail in session.scalars(details) for digest in detail.get("photos", ())}


def may_add_papers(session: Session, actor: Actor, disposal_id: int) -> None:
    """Refuse who may add no papers, before one is unpacked for nothing.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
    """
    disposal = session.get(Disposal, disposal_id)
    if disposal is None:
        raise NotFound(what="资产处置", key=disposal_id)
    _require(session, actor, disposal.division_code)


def add_paper(
    session: Session, actor: Actor, disposal_id: int, kept: Kept, caption: str | None = None
) -> Disposal:
    """Add a picture of a paper or of the asset to a disposal; the same one counts once.

    Raises:
        Invalid: It has ``MOST_PAPERS`` already.
        WrongState: The disposal was refused or withdrawn.
        NotFound, Forbidden, OutsideDivision: As they say.
    """
    locked = select(Disposal).where(Disposal.id == disposal_id).with_for_update()
    disposal = session.scalar(locked.execution_options(populate_existing=True))
    if disposal is None:
        raise NotFound(what="资产处置", key=disposal_id)
    _require(session, actor, disposal.division_code)
    disposal_rules.require_state(f"第 {disposal.id} 号资产处置", disposal.state, "attach")
    known = select(Attachment.digest).where(Attachment.disposal_id == disposal.id)
    held = set(session.scalars(known))
    if kept.digest in held:
        return disposal
    if len(held) >= MOST_PAPERS:
        zh = f"一项处置最多 {MOST_PAPERS} 个附件。"
        raise Invalid([Problem("too_many", zh, f"At most {MOST_PAPERS} files.", "file")])
    attach(
        session,
        kept,
        role="evidence",
        division_code=disposal.division_code,
        uploaded_by=actor.account_id,
        disposal_id=disposal.id,
        caption=(caption or "").strip() or None,
    )
    audit.record(
        session,
        actor,
        "attach_disposal",
        f"disposal/{disposal.id}",
        division_code=disposal.division_code,
        detail={"file": kept.digest, "caption": caption},
    )
    session.flush()
    return disposal


def _require(session: Session, actor: Actor, division_code: str) -> None:
    permissions = disposal_rules.PAPER_PERMISSIONS
    held = next((each for each in permissions if has(actor, each)), permissions[0])
    division = session.get(Division, division_code)
    require(actor, held, division_code, division.name if division else None)

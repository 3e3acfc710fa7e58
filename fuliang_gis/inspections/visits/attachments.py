"""Tying stored files to what they show."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import BadRequest, WrongState
from fuliang_gis.inspections.models import Attachment, Visit
from fuliang_gis.inspections.visits.files import Kept
from fuliang_gis.inspections.visits.rules import MOST_PHOTOS


def attach(
    session: Session,
    kept: Kept,
    *,
    role: str,
    division_code: str,
    uploaded_by: int | None,
    visit_id: int | None = None,
    defect_id: int | None = None,
    report_id: int | None = None,
    disposal_id: int | None = None,
    caption: str | None = None,
) -> Attachment:
    """Tie a stored file to exactly one visit, defect, report or disposal.

    Args:
        role: One of ``models.ATTACHMENT_ROLES``.
        uploaded_by: The account; None for what the public reports.
    """
    made = Attachment(
        division_code=division_code,
        role=role,
        digest=kept.digest,
        mime=kept.mime,
        size=kept.size,
        width=kept.width,
        height=kept.height,
        taken_at=kept.taken_at,
        exif=dict(kept.exif),
        caption=caption,
        visit_id=visit_id,
        defect_id=defect_id,
        report_id=report_id,
        disposal_id=disposal_id,
        uploaded_by=uploaded_by,
    )
    session.add(made)
    session.flush()
    return made


def attach_new(
    session: Session,
    actor: Actor,
    visit: Visit,
    kept: Sequence[Kept],
    signature: Kept | None = None,
) -> None:
    """Tie those files to a visit that it does not have yet; the caller holds the visit's lock.

    Raises:
        BadRequest: The visit would have more than ``MOST_PHOTOS``.
        WrongState: It is signed already.
    """
    rows = session.execute(
        select(Attachment.role, Attachment.digest).where(Attachment.visit_id == visit.id)
    )
    present = {(row.role, row.digest) for row in rows}
    wanted = {("visit", each.digest): each for each in kept}
    if signature is not None:
        wanted["signature", signature.digest] = signature
    fresh = {key: each for key, each in wanted.items() if key not in present}
    roles = [role for role, _ in (*present, *fresh)]
    if roles.count("visit") > MOST_PHOTOS:
        raise BadRequest(reason=f"一次巡查最多 {MOST_PHOTOS} 张照片")
    if roles.count("signature") > 1:
        raise WrongState(
            name="巡查记录", state="已签名", act="再次签名", advice="需要时请更正该记录。"
        )
    for (role, _), each in fresh.items():
        attach(
            session,
            each,
            role=role,
            division_code=visit.division_code,
            uploaded_by=actor.account_id,
            visit_id=visit.id,
        )

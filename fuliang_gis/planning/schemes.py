"""A plan's schemes as a whole: what they are called, and which is the one that counts."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Duplicate, Invalid, Problem
from fuliang_gis.planning.fetching import drafted_scheme, note
from fuliang_gis.planning.models import PlanScheme

#: Longest title of a scheme.
LONGEST_TITLE = 60


def free_title(session: Session, plan_id: int, title: str, *, but: int | None = None) -> str:
    """Return a title as it is kept, which no scheme of the plan has but the one named.

    Raises:
        Invalid, Duplicate: The title is empty, too long, or another scheme's.
    """
    named = title.strip()
    if not 0 < len(named) <= LONGEST_TITLE:
        told = f"方案名称应为 1～{LONGEST_TITLE} 个字。"
        raise Invalid([Problem("required", told, "A title is required.", "title")])
    taken = select(PlanScheme.id).where(
        PlanScheme.plan_id == plan_id,
        PlanScheme.title == named,
        PlanScheme.id.is_distinct_from(but),
    )
    if session.scalar(taken) is not None:
        raise Duplicate(label="方案名称", value=named, field="title")
    return named


def rename(session: Session, actor: Actor, scheme_id: int, title: str) -> PlanScheme:
    """Call a scheme otherwise.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState: As they say.
        Invalid, Duplicate: The title is empty, too long, or another scheme's.
    """
    plan, scheme = drafted_scheme(session, actor, scheme_id, "改名")
    named = free_title(session, plan.id, title, but=scheme.id)
    before, scheme.title = scheme.title, named
    session.flush()
    detail = {"scheme": scheme.id, "title": [before, named]}
    note(session, actor, plan, "change_village_plan", detail)
    return scheme


def choose(session: Session, actor: Actor, scheme_id: int) -> PlanScheme:
    """Make a scheme the one that the plan stands for.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState: As they say.
    """
    plan, scheme = drafted_scheme(session, actor, scheme_id, "更换主方案")
    session.execute(
        update(PlanScheme)
        .where(PlanScheme.plan_id == plan.id, PlanScheme.id != scheme.id, PlanScheme.chosen)
        .values(chosen=False)
    )
    scheme.chosen = True
    session.flush()
    detail = {"scheme": scheme.id, "chosen": True}
    note(session, actor, plan, "change_village_plan", detail)
    return scheme

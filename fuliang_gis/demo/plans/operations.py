"""Write the invented plans, and remove them again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.db.bulk import connection_of, new_ids
from fuliang_gis.demo.inspections.posts import posts_of
from fuliang_gis.demo.plans.copying import Pen
from fuliang_gis.demo.plans.course_rows import write_course
from fuliang_gis.demo.plans.ground_rows import write_ground
from fuliang_gis.demo.plans.story import acts
from fuliang_gis.demo.plans.villages import villages_of
from fuliang_gis.demo.world import World

TABLES = (
    "village_plan",
    "plan_scheme",
    "plan_version",
    "plan_parcel",
    "plan_base_parcel",
    "plan_control_line",
    "plan_act",
    "plan_participation",
    "plan_opinion",
    "plan_facility",
    "plan_project",
)


def write_plans(session: Session, world: World, *, as_of: date) -> int:
    """Write the plans in the session's transaction, as the database's owner; return how many."""
    staff = {code: post.id for code, post in posts_of(session).staff.items()}
    office = _office(session)
    session.flush()
    connection, signs = connection_of(session), world.rng(90)
    villages = villages_of(world)
    for village in villages:
        first, second = new_ids(connection, "plan_scheme", 2)
        plan = new_ids(connection, "village_plan", 1)[0]
        posts = {**office, "township": staff[village.site.township]}
        told = acts(village.state, as_of)
        pen = Pen(connection, village, posts, told, as_of, signs, plan, (first, second))
        write_ground(pen)
        write_course(pen)
    return len(villages)


def _office(session: Session) -> Mapping[str, int]:
    """Return the invented posts that draft and review plans."""
    names = ("planner", "reviewer")
    invented = select(Account.role, Account.id).where(Account.invented, Account.role.in_(names))
    return {row.role: row.id for row in session.execute(invented)}


def drop_plans(session: Session) -> None:
    """Remove invented plans; a real plan that was to replace one stands by itself from then on."""
    invented = "(select id from village_plan where invented)"
    for statement in (
        f"update village_plan set replaces_id = null where replaces_id in {invented}",  # noqa: S608  # Ours.
        "delete from village_plan where invented",
    ):
        session.execute(text(statement))

"""A plan on its way, under the service's own role, with the posts that take its steps."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import Database
from fuliang_gis.planning import operations
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.procedure.operations import take_step
from fuliang_gis.planning.procedure.rules import ActGiven, Vote
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor
from tests.planning.test_operations import EAST, WEST, given

DAY = timedelta(days=1)
START = date(2026, 9, 1)
#: The notice that begins on START ends here, after the national holidays.
END = date(2026, 10, 8)
CARRIED = Vote("villagers", 100, 60, 50, 6, 4, "村委会会议室")


@dataclass(frozen=True)
class Road:
    """A database, the posts of a county, and one plan of theirs."""

    database: Database
    actors: dict[str, Actor]
    plan_id: int

    def take(self, who: str, act: ActGiven, on: date = START, **how: int | None) -> None:
        """Take a step on a day, upon the newest version unless told otherwise."""
        actor = self.actors[who]
        with at(on), self.database.session(actor.account_id) as session:
            version = session.get_one(VillagePlan, self.plan_id).version
            expected, scheme = how.get("expected", version), how.get("scheme_id")
            take_step(session, actor, self.plan_id, act, expected=expected, scheme_id=scheme)

    def walk(self, until: str) -> None:
        """Take every step up to a state, each by its post and on its day."""
        for state, who, act, on in self.steps():
            if self.state == until:
                return
            if state == self.state:
                self.take(who, act, on)

    @staticmethod
    def steps() -> list[tuple[str, str, ActGiven, date]]:
        """Return each state's step with its post and day."""
        after = END + DAY
        return [
            ("draft", "planner", ActGiven("submit", START), START),
            ("assembly", "town", ActGiven("vote", START, vote=CARRIED), START),
            ("township", "town", ActGiven("notice", START, until=END), START),
            ("notice", "town", ActGiven("forward", after), after),
            ("county", "reviewer", ActGiven("approve", after, number="浮府字〔2026〕1号"), after),
            ("approved", "reviewer", ActGiven("publish", after), after),
            ("published", "reviewer", ActGiven("force", after), after),
        ]

    @property
    def plan(self) -> VillagePlan:
        """The plan as it is kept."""
        with self.database.session() as session:
            return session.get_one(VillagePlan, self.plan_id)

    @property
    def state(self) -> str:
        """How far the plan got."""
        return self.plan.state


def at(day: date) -> AbstractContextManager[None]:
    """Return a context in which it is noon of a day."""
    return clock.frozen(datetime(day.year, day.month, day.day, 12, tzinfo=clock.ZONE))


def posts(session: Session) -> dict[str, Actor]:
    """Add the posts that have to do with plans, and some that have not."""
    return {
        "planner": make_actor(session, Role.PLANNER),
        "town": make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN),
        "reviewer": make_actor(session, Role.REVIEWER),
        "administrator": make_actor(session, Role.ADMINISTRATOR),
        "viewer": make_actor(session, Role.VIEWER),
        "elsewhere": make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN),
        "planner_elsewhere": make_actor(session, Role.PLANNER, YAOLI_TOWN),
    }


def laid_out(database: Database, actors: dict[str, Actor], who: str = "planner") -> Road:
    """Return the road before a plan with a base year that breaks no rule."""
    with database.session(actors[who].account_id) as session:
        plan = operations.create_plan(session, actors[who], given())
        operations.set_base(
            session, actors[who], plan.id, [WEST, EAST], [], expected_version=plan.version
        )
        return Road(database, actors, plan.id)

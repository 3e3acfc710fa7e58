"""A plan waits for whoever takes its next step; page, calendar and mail tell the same of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from icalendar import Calendar

from fuliang_gis.inspections.reminders import calendar
from fuliang_gis.inspections.reminders.calendar import Entry
from fuliang_gis.inspections.reminders.mail import compose
from fuliang_gis.planning.procedure.waiting import WaitingPlan, waiting_count, waiting_plans
from fuliang_gis.reporting import reminders
from tests.planning.procedure.road import DAY, END, START, Road
from tests.planning.procedure.test_opinions import say

WHO = ("planner", "town", "reviewer", "viewer", "elsewhere", "planner_elsewhere")
AFTER = END + DAY
#: Twenty working days after the approval, a Saturday that is worked among them.
PUBLISHED_BY = date(2026, 11, 5)
OPINIONS = "《城乡规划法》第二十六条"


def told(road: Road, who: str, on: date) -> list[Entry]:
    """Return what stands in a post's calendar of plans."""
    with road.database.session() as session:
        found = reminders.entries(session, road.actors[who], on)
    return [each for each in found if each.key.startswith("plan-")]


def waits(road: Road, who: str, on: date) -> list[WaitingPlan]:
    """Return what a post's page lists."""
    with road.database.session() as session:
        found = list(waiting_plans(session, road.actors[who], on))
        assert waiting_count(session, road.actors[who], on) == len(found)
    return found


def mail(road: Road, who: str, on: date) -> str | None:
    """Return what a post is mailed, its subject first."""
    actor = road.actors[who]
    with road.database.session() as session:
        letter = reminders.letter(session, actor, "post@example.cn", on)
    if letter is None:
        return None
    sent = compose(
        letter, sender="gis@example.cn", site="https://g.cn", day=on, account_id=actor.account_id
    )
    return f"{sent['Subject']}\n{sent.get_content()}"


@pytest.mark.parametrize(
    ("state", "on", "waiting", "ahead"),
    [
        ("draft", START, set(), set()),
        ("assembly", START, {"town", "reviewer"}, set()),
        ("township", START, {"town", "reviewer"}, set()),
        ("notice", END, set(), {"town", "reviewer"}),
        ("notice", AFTER, {"town", "reviewer"}, set()),
        ("county", AFTER, {"reviewer"}, set()),
        ("approved", AFTER, {"reviewer"}, set()),
        ("published", AFTER, {"reviewer"}, set()),
        ("in_force", AFTER, set(), set()),
    ],
)
def test_posts_are_reminded_of_their_steps(
    road: Road, state: str, on: date, waiting: set[str], ahead: set[str]
) -> None:
    """On page, in mail and calendar as soon as the step can be taken; others are not.

    The calendar looks ahead to the end of a notice.
    """
    road.walk(state)
    assert {who for who in WHO if waits(road, who, on)} == waiting
    assert {who for who in WHO if mail(road, who, on)} == waiting
    assert {who for who in WHO if told(road, who, on)} == waiting | ahead


@pytest.mark.parametrize(
    ("state", "on", "step", "day", "term", "overdue"),
    [
        ("assembly", START, "登记表决", START, "没有法定期限", False),
        ("notice", START, "结束公示并报县", AFTER, f"最早 {AFTER} 可以结束（{OPINIONS}）", False),
        ("notice", AFTER + DAY, "结束公示并报县", AFTER + DAY, f"公示已于 {END} 期满", False),
        ("county", AFTER, "批准", AFTER, "没有法定期限", False),
        ("approved", AFTER, "公布", PUBLISHED_BY, f"最晚 {PUBLISHED_BY}（批准后 20 个工", False),
        ("approved", PUBLISHED_BY, "公布", PUBLISHED_BY, f"最晚 {PUBLISHED_BY}", False),
        (
            "approved",
            PUBLISHED_BY + 9 * DAY,
            "公布",
            PUBLISHED_BY + 9 * DAY,
            f"最晚 {PUBLISHED_BY}（批准后 20 个工作日内，《城乡规划法》第八条），已逾期",
            True,
        ),
    ],
)
def test_each_step_has_its_day(
    road: Road, state: str, on: date, step: str, day: date, term: str, *, overdue: bool
) -> None:
    """The last by law or the first that can be; what is over, or has none, stands on today."""
    road.walk(state)
    (entry,) = told(road, "reviewer", on)
    assert (entry.day, entry.summary) == (day, f"{step}：{road.plan.title}")
    assert term in entry.description
    assert entry.path == f"/plans/{road.plan_id}/procedure"
    listed = waits(road, "reviewer", on)
    assert [each.overdue for each in listed] == [overdue] * len(listed)
    letter = mail(road, "reviewer", on)
    assert (letter is None) is (not listed)
    if letter is not None:
        subject, _, body = letter.partition("\n")
        assert subject == f"待办提醒 {on:%m-%d}：待我办理的村庄规划1"
        assert f"· {entry.summary}，{entry.description.removesuffix('。')}\n" in body


def test_opinions_without_an_answer_wait(road: Road) -> None:
    """For planner and township while the notice runs; then the township's step comes first."""
    road.walk("notice")
    say(road)
    for who in ("planner", "town"):
        (plan,) = waits(road, who, START)
        (entry,) = told(road, who, START)
        assert (plan.step, plan.unanswered) == ("答复意见", 1)
        assert (entry.day, entry.summary) == (END, f"答复意见：{road.plan.title}")
        assert "待答复意见 1 条" in entry.description
        assert entry.path == f"/plans/{road.plan_id}/opinions?only=unanswered"
        assert "待答复意见 1 条" in (mail(road, who, START) or "")
    later = END + timedelta(days=5)
    assert [each.step for each in waits(road, "planner", later)] == ["答复意见"]
    assert [each.step for each in waits(road, "town", later)] == ["结束公示并报县"]


def test_calendar_programs_take_the_same_entry_again(road: Road) -> None:
    """Its identifier stays while the step waits, and no other entry shares it."""
    road.walk("county")

    def read(on: date) -> list[tuple[str, date]]:
        body = calendar.feed(
            "待办提醒", told(road, "reviewer", on), domain="x", site="https://g.cn", today=on
        )
        events = Calendar.from_ical(body).walk("VEVENT")
        return [(str(each["UID"]), each.decoded("DTSTART")) for each in events]

    uid = f"plan-{road.plan_id}-approve@x"
    assert read(AFTER) == [(uid, AFTER)]
    assert read(AFTER + DAY) == [(uid, AFTER + DAY)]

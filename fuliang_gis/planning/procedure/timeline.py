"""The statutory clock: each step of a plan's road, who takes it, from when and by when (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from fuliang_gis.accounts.roles import Permission
from fuliang_gis.holidays import after_working_days, working_days_until
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.procedure.rules import DAY, STEPS, Course, Step, notice_end

#: The posts that usually hold what a step needs, as pages name them.
_WHO = {
    Permission.DRAFT_PLANS: "规划员",
    Permission.REVIEW_TOWNSHIP: "乡镇",
    Permission.REVIEW_PLANS: "县级审核员",
}


@dataclass(frozen=True)
class Stage:
    """One step on the timeline; ``phase`` is done, now or ahead.

    ``on`` is when it was taken. ``earliest`` is the first day on which it can be, assuming that
    everything before it happens as early as it can; ``latest`` is when it must be, and
    ``days_left`` how long until then, or until a running notice ends (0: today is the last day).
    """

    step: Step
    who: str
    phase: str
    on: date | None = None
    earliest: date | None = None
    latest: date | None = None
    days_left: int | None = None
    working: bool = False

    @property
    def overdue(self) -> bool:
        """Tell whether it should have been taken by now, or was taken too late."""
        if self.latest is None:
            return False
        return self.on > self.latest if self.on else (self.days_left or 0) < 0


def timeline(course: Course, today: date, profile: Profile) -> list[Stage]:
    """Return every step in its order."""
    return list(_stages(course, today, profile))


def following(course: Course, today: date, profile: Profile) -> Stage | None:
    """Return the step that is next; None when the plan is at its end."""
    return next((each for each in timeline(course, today, profile) if each.phase == "now"), None)


def publish_by(approved_on: date, profile: Profile) -> date:
    """Return the last day on which an approved plan is published in time."""
    return after_working_days(approved_on, profile.publish_working_days)


def _stages(course: Course, today: date, profile: Profile) -> Iterator[Stage]:
    phase, earliest = "done", today
    done = {
        "submit": course.submitted_on,
        "vote": course.voted_on,
        "notice": course.notice_from,
        "forward": course.forwarded_on,
        "approve": course.approved_on,
        "publish": course.published_on,
        "force": course.in_force_on,
    }
    notice_until, approved_on = course.notice_until, course.approved_on
    for kind, step in STEPS.items():
        if step.before == course.state:
            phase = "now"
        who = _WHO[step.permissions[0]]
        latest = _latest(kind, approved_on, profile)
        if phase == "done":
            yield Stage(step, who, phase, done[kind], latest=latest)
            continue
        if kind == "forward":
            until = notice_until or notice_end(earliest, profile.notice_days)
            earliest = max(earliest, until + DAY)
        left, working = None, False
        if phase == "now" and kind == "forward" and notice_until:
            left = (notice_until - today).days
        elif phase == "now" and latest:
            left, working = working_days_until(today, latest), True
        yield Stage(step, who, phase, None, earliest, latest, left, working)
        phase = "ahead"


def _latest(kind: str, approved_on: date | None, profile: Profile) -> date | None:
    if kind != "publish" or approved_on is None:
        return None
    return publish_by(approved_on, profile)

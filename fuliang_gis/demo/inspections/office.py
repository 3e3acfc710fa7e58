"""Those who assign, mend, judge and strike off problems, by the very rules of defects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from fuliang_gis.db.base import Json
from fuliang_gis.demo.inspections.defects import Defect, lead_unit
from fuliang_gis.demo.inspections.posts import Post, Posts
from fuliang_gis.demo.inspections.times import Year, at_work
from fuliang_gis.inspections.defects import rules
from fuliang_gis.inspections.defects.rules import Act, Case


@dataclass
class Office:
    """Those who assign, mend, judge and strike off; time goes on with every step.

    Args:
        posts: Who acts where.
        year: Nothing happens at or after its ``now``.
        rng: Where chance comes from.
    """

    posts: Posts
    year: Year
    rng: np.random.Generator

    def handle(self, defect: Defect, *, long: bool = False) -> Defect:
        """Take a problem as far along its way as there was time; ``long`` ones take months."""
        self._defect, self._at = defect, defect.opened_at
        for _ in self._way(long=long):
            pass
        self._escalate()
        defect.events.sort(key=lambda event: event.at)
        return defect

    def strike_off(self, defect: Defect) -> Defect:
        """Bring a problem to its end in time: every measure verified, nothing rejected."""
        self._defect, self._at = defect, defect.opened_at
        span = (defect.due_on - defect.opened_at.date()).days * 0.7
        step = timedelta(days=span / (2 * len(defect.measures) + 2))
        self._pass(step)
        self._assign(long=False)
        for measure in list(defect.measures):
            self._pass(step)
            self._fix(measure.ordinal)
            self._pass(step)
            self._verify(measure.ordinal)
        self._pass(step)
        self._close()
        return defect

    def _pass(self, step: timedelta) -> None:
        self._at = at_work(self._at + step * float(self.rng.uniform(0.6, 1.1)))

    def _way(self, *, long: bool) -> Iterator[None]:
        defect, rng = self._defect, self.rng
        if not self._wait(1.5, least=0.05):
            return
        self._assign(long=long)
        yield
        allowed = (defect.due_on - defect.opened_at.date()).days
        pace = allowed * (0.36 if rng.uniform() < 0.88 else 1.15)
        again = rng.uniform() < 0.035
        for attempt in range(6):
            yield from self._mend(pace if attempt == 0 else pace * 0.3, first=attempt == 0)
            if defect.case.state != "verified":
                if defect.case.state == "assigned" and self._at < self.year.now:
                    continue
                return
            if not self._wait(1.9):
                return
            self._close()
            yield
            if not again or not self._wait(9.0, least=4.0):
                return
            again = False
            self._reopen()
            yield

    def _wait(self, days: float, least: float = 0.1) -> bool:
        """Let about so many days pass; tell whether that is still in the past."""
        passed = least + float(self.rng.gamma(3.0, days / 3))
        self._at = at_work(self._at + timedelta(days=passed)).replace(microsecond=0)
        return self._at < self.year.now

    def _people(self) -> tuple[Post, Post]:
        """Return who mends and who judges; never the same post."""
        defect, posts = self._defect, self.posts
        town = defect.division_code[:9]
        if town not in posts.inspectors:
            return posts.county, posts.reviewer
        at_informants = defect.division_code == posts.informant.division_code
        if at_informants and self.rng.uniform() < 0.5:
            return posts.informant, posts.staff[town]
        if self.rng.uniform() < 0.6:
            return posts.inspectors[town], posts.staff[town]
        return posts.staff[town], posts.reviewer

    def _assign(self, *, long: bool) -> None:
        defect, posts = self._defect, self.posts
        self._mender, self._judge = self._people()
        defect.owner, defect.owner_name = self._mender, self._mender.name
        defect.responsible_unit = defect.responsible_unit or posts.unit(defect.division_code)
        defect.lead_unit = defect.lead_unit or lead_unit(defect.place)
        if long:
            defect.due_on = self._at.date() + timedelta(days=int(self.rng.integers(150, 320)))
        defect.case = rules.assigned(defect.case)
        detail: Json = {
            "owner": defect.owner_name,
            "due_on": str(defect.due_on),
            "measures": len(defect.measures),
        }
        by = posts.staff.get(defect.division_code[:9], posts.county)
        defect.told(Act.ASSIGN, self._at, by, None, detail)

    def _mend(self, pace: float, *, first: bool) -> Iterator[None]:
        """Carry out what is open, measure by measure; each is judged, some are refused."""
        defect, rng = self._defect, self.rng
        left = [each.ordinal for each in defect.measures if each.facts.state == "open"]
        for ordinal in left:
            if not self._wait(max(0.3, pace / max(1, len(left)))):
                return
            self._fix(ordinal)
            yield
            if not self._wait(1.8):
                return
            if first and rng.uniform() < 0.11:
                self._reject(ordinal)
            else:
                self._verify(ordinal)
            yield

    def _fix(self, ordinal: int) -> None:
        by, cost = self._mender, _cost(self.rng)
        text = _FEEDBACK[int(self.rng.integers(len(_FEEDBACK)))]
        self._settle(rules.fixed(self._defect.case, ordinal, by.id))
        self._set(ordinal, feedback=text, cost_yuan=cost, opinion=None)
        detail: Json = {"photos": [], "cost_yuan": str(cost) if cost is not None else None}
        self._defect.told(Act.FIX, self._at, by, text, detail, ordinal)

    def _verify(self, ordinal: int) -> None:
        self._settle(rules.verified(self._defect.case, ordinal, self._judge.id))
        self._set(ordinal, opinion="现场核实，整改到位。")
        self._defect.told(Act.VERIFY, self._at, self._judge, "现场核实，整改到位。", {}, ordinal)

    def _reject(self, ordinal: int) -> None:
        text = _REFUSALS[int(self.rng.integers(len(_REFUSALS)))]
        feedback = self._defect.measures[ordinal - 1].feedback
        self._settle(rules.rejected(self._defect.case, ordinal, self._judge.id))
        self._set(ordinal, opinion=text)
        self._defect.told(Act.REJECT, self._at, self._judge, text, {"feedback": feedback}, ordinal)

    def _close(self) -> None:
        defect = self._defect
        by = self.posts.county if self.rng.uniform() < 0.7 else self.posts.reviewer
        self._settle(rules.closed(defect.case))
        defect.closed_by, defect.closed_at = by, self._at
        defect.closing_note = "措施全部验收，同意销号。"
        defect.told(Act.CLOSE, self._at, by, defect.closing_note)

    def _reopen(self) -> None:
        defect = self._defect
        self._escalate()
        self._settle(rules.reopened(defect.case))
        defect.closed_by = defect.closed_at = defect.closing_note = None
        defect.escalated_to = defect.escalated_at = None
        defect.due_on = rules.deadline(defect.severity, self._at.date())
        detail: Json = {"measures": [], "due_on": str(defect.due_on)}
        defect.told(Act.REOPEN, self._at, self.posts.county, "“回头看”发现问题反弹。", detail)
        self._mender, self._judge = self._people()

    def _settle(self, case: Case) -> None:
        """Write what was decided into the measures, as the service does."""
        defect = self._defect
        for measure in defect.measures:
            facts = case.measure(measure.ordinal)
            if facts.state != measure.facts.state:
                fixed_at = None if facts.state == "open" else measure.fixed_at or self._at
                verified_at = self._at if facts.state == "verified" else None
                self._set(measure.ordinal, fixed_at=fixed_at, verified_at=verified_at)
            self._set(measure.ordinal, facts=facts)
        if (case.state in ("verified", "closed")) is not (defect.verified_at is not None):
            defect.verified_at = self._at if case.state in ("verified", "closed") else None
        defect.case = case

    def _set(self, ordinal: int, **values: object) -> None:
        measures = self._defect.measures
        measures[ordinal - 1] = replace(measures[ordinal - 1], **values)  # type: ignore[arg-type]

    def _escalate(self) -> None:
        """Raise what was overdue on its way until now, as the service does every night."""
        defect = self._defect
        ends = defect.closed_at or self.year.now
        for late in (1, rules.COUNTY_AFTER_DAYS + 1):
            day = defect.due_on + timedelta(days=late)
            at = datetime(day.year, day.month, day.day, 1, 30, tzinfo=ends.tzinfo)
            level = rules.escalation(defect.severity, defect.due_on, day)
            risen = level is not None and level not in (defect.escalated_to, None)
            if at >= ends or not risen or defect.escalated_to == "county":
                continue
            defect.escalated_to, defect.escalated_at = level, at
            text = f"已超期 {late} 天，{rules.ESCALATION_NAMES[str(level)][0]}督办。"
            defect.told(Act.ESCALATE, at, None, text, {"to": level, "days": late})


_FEEDBACK = (
    "已修复，现场恢复正常（虚构）。",
    "已更换损坏部件并试运行（虚构）。",
    "已清理并落实日常管护（虚构）。",
    "已按要求完成整改（虚构）。",
)
_REFUSALS = (
    "照片看不清整改部位，请补拍（虚构）。",
    "只做了临时处理，需彻底整改（虚构）。",
    "现场复查仍有渗漏，退回重做（虚构）。",
)


def _cost(rng: np.random.Generator) -> Decimal | None:
    if rng.uniform() < 0.25:
        return None
    return Decimal(round(float(rng.lognormal(6.2, 1.0)) / 10) * 10)

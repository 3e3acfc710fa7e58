"""What became, or is to become, of assets that are idle, damaged, lost or gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from fuliang_gis.clock import ZONE
from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.posts import Post, Posts
from fuliang_gis.demo.inspections.times import Year, at_work

_CLASSES = {"revive": "revive", "transfer": "adjust", "scrap": "adjust"}


@dataclass(frozen=True)
class Disposal:
    """One disposal as it stands."""

    place: Place
    act: str
    way: str
    trigger: str
    proposal: str
    proposed_by: Post
    proposed_at: datetime
    state: str = "proposed"
    decided_by: Post | None = None
    decided_at: datetime | None = None
    approval_no: str | None = None
    opinion: str | None = None
    done_on: date | None = None
    income_yuan: Decimal | None = None
    result: str | None = None

    @property
    def class_(self) -> str:
        """The four-way class."""
        return _CLASSES[self.act]

    @property
    def version(self) -> int:
        """One, and one for each act that followed."""
        ended = self.done_on is not None or self.state == "withdrawn"
        return 1 + (self.decided_at is not None) + ended

    @property
    def updated_at(self) -> datetime:
        """When it was last acted on."""
        done = datetime.combine(self.done_on, time(16), ZONE) if self.done_on else None
        return done or self.decided_at or self.proposed_at


#: Act, way, trigger, proposal of assets by their use status.
_WISHES: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "idle": (
        ("revive", "出租", "long_idle", "已闲置半年以上，拟公开招租（虚构）"),
        ("revive", "改造升级", "long_idle", "拟改作村集体仓储点（虚构）"),
        ("transfer", "调拨", "planning", "拟调拨至邻村继续使用（虚构）"),
    ),
    "damaged": (
        ("revive", "修复启用", "disaster", "汛期受损，拟维修后启用（虚构）"),
        ("scrap", "拆除", "accident", "主体结构损坏，维修不经济，拟拆除（虚构）"),
    ),
    "lost": (("scrap", "核销", "other", "多次查找无果，拟按程序核销（虚构）"),),
    "underused": (("revive", "合作经营", "planning", "拟引入合作社共同经营（虚构）"),),
    "disposed": (
        ("transfer", "转让", "expiry", "合同到期，拟按评估价转让（虚构）"),
        ("scrap", "报废", "expiry", "已到使用年限，拟报废（虚构）"),
    ),
}


def disposals_of(
    places: Sequence[Place], posts: Posts, year: Year, rng: np.random.Generator
) -> list[Disposal]:
    """Return disposals in every state; every disposed asset has one that is done."""
    assets = [place for place in places if place.layer == "assistance_assets"]
    found: list[Disposal] = []
    by_use = {use: [a for a in assets if a.use_status == use] for use in _WISHES}
    for number, place in enumerate(by_use["disposed"]):
        found.append(_done(_proposed(place, number, posts, year, rng, early=True), posts, year))
    for use, states in (
        ("idle", ("proposed", "approved", "refused", "withdrawn")),
        ("damaged", ("proposed", "approved")),
        ("lost", ("proposed", "approved", "refused")),
        ("underused", ("proposed",)),
    ):
        few = by_use[use][: max(len(states), len(by_use[use]) // 2)]
        for number, place in enumerate(few):
            step = _STEPS[states[number % len(states)]]
            found.append(step(_proposed(place, number, posts, year, rng), posts, year))
    # A few that are in use again were revived during the year.
    revived = [a for a in assets if a.use_status == "in_use" and a.asset_class == "operating"][:60]
    for place in revived[::12]:
        idle = _proposed(place, 0, posts, year, rng, use="idle", early=True)
        found.append(_done(idle, posts, year))
    return found


def _proposed(
    place: Place,
    number: int,
    posts: Posts,
    year: Year,
    rng: np.random.Generator,
    *,
    use: str | None = None,
    early: bool = False,
) -> Disposal:
    wishes = _WISHES[use or place.use_status]
    act, way, trigger, proposal = wishes[number % len(wishes)]
    days = year.past.days
    after = rng.uniform(0.1, 0.5) if early else rng.uniform(0.45, 0.97)
    at = at_work(
        datetime.combine(year.start, time(9, int(rng.integers(60))), ZONE)
        + timedelta(days=int(days * after))
    )
    by = posts.staff[place.township]
    return Disposal(place, act, way, trigger, proposal, by, min(at, year.now))


def _decided(given: Disposal, posts: Posts, year: Year, *, approved: bool) -> Disposal:
    at = at_work(given.proposed_at + timedelta(days=9, hours=2))
    if at >= year.now:
        return given
    serial = f"{given.place.id % 900 + 100}"
    return replace(
        given,
        state="approved" if approved else "refused",
        decided_by=posts.county,
        decided_at=at,
        approval_no=f"虚构资处〔{at.year}〕{serial}号" if approved else None,
        opinion="同意，按程序办理（虚构）" if approved else "请先尝试盘活，再行处置（虚构）",
    )


def _approved(given: Disposal, posts: Posts, year: Year) -> Disposal:
    return _decided(given, posts, year, approved=True)


def _refused(given: Disposal, posts: Posts, year: Year) -> Disposal:
    return _decided(given, posts, year, approved=False)


def _withdrawn(given: Disposal, _posts: Posts, _year: Year) -> Disposal:
    return replace(given, state="withdrawn", result="承租方续租，撤回申请（虚构）")


def _waiting(given: Disposal, _posts: Posts, _year: Year) -> Disposal:
    return given


def _done(given: Disposal, posts: Posts, year: Year) -> Disposal:
    decided = _approved(given, posts, year)
    if decided.decided_at is None:
        return decided
    day = at_work(decided.decided_at + timedelta(days=21)).date()
    worth = given.place.number("original_value_yuan", 20_000)
    share = {"transfer": 0.31, "scrap": 0.02, "revive": 0.04}[given.act]
    return replace(
        decided,
        state="done",
        done_on=min(day, year.past.end),
        income_yuan=Decimal(round(worth * share, -2)),
        result="已办结，收入交村集体账户（虚构）",
    )


_STEPS: dict[str, Callable[[Disposal, Posts, Year], Disposal]] = {
    "proposed": _waiting,
    "approved": _approved,
    "refused": _refused,
    "withdrawn": _withdrawn,
}

"""What people without an account reported: some waiting, some taken up, some refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from fuliang_gis.demo.inspections.defects import Defect, opened
from fuliang_gis.demo.inspections.office import Office
from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.posts import Post, Posts
from fuliang_gis.demo.inspections.times import Year, at_work
from fuliang_gis.inspections.defects.reports import FINDER
from fuliang_gis.inspections.defects.rules import Act, deadline

_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Layer, kind, category, what was written, what became of it.
_TOLD: tuple[tuple[str, str | None, str, str, str], ...] = (
    ("sanitation_facilities", "public_toilet", "unclean", "公厕三天没打扫，味道很大", "accepted"),
    ("sanitation_facilities", "waste_point", "unclean", "垃圾桶满了好几天没人收", "waiting"),
    ("water_projects", "small", "turbid", "早上放出来的水发黄", "accepted"),
    ("water_projects", "scattered", "unlocked", "水池盖板没有锁", "waiting"),
    ("assistance_assets", "power", "damaged", "路口的路灯不亮了", "accepted"),
    ("assistance_assets", "road", "damaged", "桥边护栏被撞弯了", "waiting"),
    ("assistance_assets", "culture", "damaged", "健身器材螺丝松动", "accepted"),
    ("sanitation_facilities", "public_toilet", "other", "能不能装一面镜子", "refused"),
    ("pv_stations", None, "shade", "光伏板旁边的草很高", "accepted"),
    ("water_projects", "small", "dry_season", "停水通知没有提前说", "refused"),
    ("sanitation_facilities", "waste_point", "unclean", "有人往收集点倒建筑垃圾", "waiting"),
    ("assistance_assets", "irrigation", "damaged", "水渠有一段塌了", "waiting"),
)
_REPLIES = {
    "accepted": "已受理并交办整改，可凭回执查询进度。",
    "refused": "感谢反映。所述事项不属于设施问题，已转有关单位参考。",
}


@dataclass(frozen=True)
class Report:
    """One report as it stands."""

    place: Place
    receipt: str
    category: str
    text: str
    state: str
    received_at: datetime
    reviewed_by: Post | None = None
    reviewed_at: datetime | None = None
    reply: str | None = None
    defect: Defect | None = None


def reports_of(
    places: Sequence[Place], posts: Posts, office: Office, year: Year, rng: np.random.Generator
) -> list[Report]:
    """Return the reports; those that were taken up bring their problem along."""
    found = []
    for number, (layer, kind, category, text, state) in enumerate(_TOLD):
        fitting = [p for p in places if p.layer == layer and kind in (None, p.kind)]
        if not fitting:
            continue
        place = fitting[int(rng.integers(len(fitting)))]
        signs = "".join(_SIGNS[n] for n in rng.integers(len(_SIGNS), size=10).tolist())
        days = rng.uniform(0.4, 6) if state == "waiting" else rng.uniform(8, 120)
        at = (year.now - timedelta(days=float(days))).replace(microsecond=0)
        told = f"{text}（虚构）"
        report = Report(place, f"{signs[:5]}-{signs[5:]}", category, told, "waiting", at)
        found.append(
            _reviewed(report, state, posts, office, number) if state != "waiting" else report
        )
    return found


def _reviewed(report: Report, state: str, posts: Posts, office: Office, number: int) -> Report:
    at = at_work(report.received_at + timedelta(hours=5 + number)).replace(microsecond=0)
    by = posts.staff[report.place.township]
    defect = _taken_up(report, by, at, office) if state == "accepted" else None
    return Report(
        report.place,
        report.receipt,
        report.category,
        report.text,
        state,
        report.received_at,
        by,
        at,
        _REPLIES[state],
        defect,
    )


def _taken_up(report: Report, by: Post, at: datetime, office: Office) -> Defect:
    defect = opened(
        report.text.removesuffix("（虚构）"),
        [f"整改：{report.text.removesuffix('（虚构）')}"],
        None,
        category=report.category,
        severity="ordinary",
        source="report",
        division_code=report.place.division_code,
        found_by=by,
        found_by_name=FINDER,
        found_at=at,
        opened_at=at,
        due_on=deadline("ordinary", at.date()),
        place=report.place,
        description=report.text,
    )
    defect.told(Act.FIND, at, by, report.text, {"photos": []})
    return office.handle(defect)

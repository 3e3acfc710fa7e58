"""The printed sheet of a round: one HTML page for ``exchange.pdf``, which several share as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fuliang_gis.errors import NotFound
from fuliang_gis.exchange.defects import moment
from fuliang_gis.exchange.paper import DrawnMap
from fuliang_gis.exchange.pdf import templates
from fuliang_gis.reporting.labels import code_svg
from fuliang_gis.reporting.rounds_data import ToldPlan, ToldRound, ToldStop, Way
from fuliang_gis.reporting.rounds_words import (
    card_path,
    clock_time,
    day_of,
    duration,
    kilometres,
    period_of,
)

#: Width and height of the map on the sheet [mm].
MAP_WIDTH, MAP_HEIGHT = 184.0, 100.0
#: Sheets of one file: a month of four teams is about ninety.
MOST = 100
#: So many sheets are made while one waits for them, further ones by a worker: each takes most of
#: a second.
MOST_AT_ONCE = 8

_TEMPLATES = templates(Path(__file__).parent / "templates")


@dataclass(frozen=True)
class Imprint:
    """What stands on every sheet: the county, when it was printed, the service's own address."""

    county: str
    printed_at: datetime
    site: str


@dataclass(frozen=True)
class _Row:
    """One line of the table of stops."""

    told: ToldStop
    begin: str
    leave: str
    leg: str
    code: str


def part_of(told: ToldPlan, part: int) -> Sequence[ToldRound]:
    """Return the rounds of a part of a plan's sheets, from 1.

    Raises:
        NotFound: The plan has no rounds, or no such part.
    """
    first = (part - 1) * MOST
    chosen = told.rounds[first : first + MOST]
    if not chosen:
        raise NotFound(what="可打印的路线", key=part if part > 1 else told.plan.title)
    return chosen


def sheets_html(
    rounds: Sequence[ToldRound], ways: Sequence[Way], maps: Sequence[DrawnMap], imprint: Imprint
) -> str:
    """Return the sheets of rounds as one HTML page that needs nothing else."""
    sheets = [
        {
            "told": told,
            "title": f"{told.team.name} {day_of(told.round.day)}",
            "facts": _facts(told),
            "rows": [_row(each, imprint.site) for each in told.stops],
            "map": drawn,
            "broken": way.broken,
        }
        for told, way, drawn in zip(rounds, ways, maps, strict=True)
    ]
    return _TEMPLATES.get_template("round_sheet.html").render(
        sheets=sheets,
        county=imprint.county,
        printed_at=moment(imprint.printed_at),
        invented=any(told.invented for told in rounds),
        map_width=MAP_WIDTH,
        map_height=MAP_HEIGHT,
    )


def _facts(told: ToldRound) -> list[tuple[str, str]]:
    driven, team, plan = told.round, told.team, told.plan
    drive = f"{kilometres(driven.driving_metres)} 公里 / {duration(driven.driving_seconds)}"
    pause = (
        f"{clock_time(driven.pause_at)} 起 {driven.pause_minutes} 分钟"
        if driven.pause_at is not None
        else "不安排"
    )
    return [
        ("队伍", f"{team.name}（{team.division_name}）"),
        ("日期", day_of(driven.day)),
        ("成员", "、".join(member.name for member in team.members) or "—"),
        ("车辆", team.vehicle or "—"),
        ("方案", f"{plan.title}（{period_of(plan)}，{plan.state_name}）"),
        ("出发～返回", f"{clock_time(driven.starts)}～{clock_time(driven.ends)}，午休{pause}"),
        ("合计", f"{len(told.stops)} 个点，行车 {drive}，现场 {duration(driven.service_seconds)}"),
        (
            "返回工作站",
            f"{kilometres(driven.drive_home_metres)} 公里 / {duration(driven.drive_home_seconds)}",
        ),
    ]


def _row(each: ToldStop, site: str) -> _Row:
    stop = each.stop
    walk = f"步行 {stop.walk_metres} 米" if stop.walk_metres else "路边"
    return _Row(
        each,
        clock_time(stop.begin),
        clock_time(stop.leave),
        f"{kilometres(stop.drive_metres)} 公里 / {duration(stop.drive_seconds)}；{walk}",
        code_svg(site + card_path(stop)),
    )

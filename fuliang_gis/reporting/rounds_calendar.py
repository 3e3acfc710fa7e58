"""Rounds as iCalendar: a round's file has an entry a stop, a plan's file an entry a round.

Whoever drives wants to be told of each stop; an office sees a month of two teams as some forty
entries, not four hundred. Identifiers follow from plan, team, day and obligation, so that a file
taken again after a change moves the entries that a calendar program has, and doubles none.
"""

from __future__ import annotations

from datetime import date, datetime, time

from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.reminders.calendar import Appointment, agenda
from fuliang_gis.reporting.rounds_data import ToldPlan, ToldRound, ToldStop
from fuliang_gis.reporting.rounds_words import (
    INVENTED,
    card_path,
    clock_time,
    duration,
    kilometres,
    round_title,
)

#: Stops named in a round's entry; calendar programs cut long descriptions.
_NAMED = 40


def round_calendar(told: ToldRound, *, domain: str, site: str) -> bytes:
    """Return one round, an entry a stop."""
    entries = [_stop(told, each) for each in told.stops]
    stamp = told.plan.solved_at or told.plan.created_at
    return agenda(f"巡查路线 {round_title(told)}", entries, domain=domain, site=site, stamp=stamp)


def plan_calendar(told: ToldPlan, *, domain: str, site: str) -> bytes:
    """Return a plan, an entry a round."""
    entries = [_round(each) for each in told.rounds]
    stamp = told.plan.solved_at or told.plan.created_at
    return agenda(f"巡查路线 {told.plan.title}", entries, domain=domain, site=site, stamp=stamp)


def _stop(told: ToldRound, each: ToldStop) -> Appointment:
    stop = each.stop
    owed = f"obligation-{stop.obligation_id}" if stop.obligation_id else f"stop-{stop.location_id}"
    driven = f"行车 {duration(stop.drive_seconds)}（{kilometres(stop.drive_metres)} 公里）"
    told_of = [
        f"{told.team.name}，第 {stop.ordinal} 站，{each.layer_title} {stop.code}。",
        f"{clock_time(stop.arrive)} 到达，{driven}，步行 {stop.walk_metres} 米。",
        f"检查：{'；'.join(each.checks)}。" if each.checks else "",
        INVENTED if each.invented or told.plan.invented else "",
    ]
    return Appointment(
        f"plan-{told.plan.id}-{owed}",
        _moment(told.round.day, stop.begin),
        _moment(told.round.day, stop.leave),
        f"{stop.ordinal}. {stop.name}（{each.purpose}）",
        "\n".join(line for line in told_of if line),
        card_path(stop),
        place=f"{stop.division_name} {stop.name}",
        lonlat=(stop.lon, stop.lat),
        sequence=told.plan.version,
        sure=told.plan.state == "published",
    )


def _round(told: ToldRound) -> Appointment:
    driven = told.round
    lines = [
        f"{clock_time(each.stop.begin)} {each.stop.name}（{each.purpose}）"
        for each in told.stops[:_NAMED]
    ]
    if len(told.stops) > _NAMED:
        lines.append(f"……共 {len(told.stops)} 个点")
    if told.invented:
        lines.append(INVENTED)
    return Appointment(
        f"plan-{told.plan.id}-team-{told.team.id}-{driven.day:%Y%m%d}",
        _moment(driven.day, driven.starts),
        _moment(driven.day, driven.ends),
        f"巡查：{told.team.name} {len(told.stops)} 个点，{kilometres(driven.driving_metres)} 公里",
        "\n".join(lines),
        f"/rounds/{told.plan.id}",
        place=f"{told.plan.division_name} {told.team.name}工作站",
        lonlat=(told.team.lon, told.team.lat),
        sequence=told.plan.version,
        sure=told.plan.state == "published",
    )


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZONE)

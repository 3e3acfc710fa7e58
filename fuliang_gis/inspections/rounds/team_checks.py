"""What a team may be: its name, station, members, skills, days and hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import ROLE_PERMISSIONS, Actor, Permission, Role
from fuliang_gis.errors import Problem
from fuliang_gis.inspections.models import Team
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.geometry import county_extent

LONGEST_NAME = 60
LONGEST_BREAK = 240
MOST_MEMBERS = 50

#: Roles of the accounts that may work in a team.
FIELD_ROLES = frozenset(
    role.value for role, held in ROLE_PERMISSIONS.items() if Permission.RECORD_VISITS in held
)


@dataclass(frozen=True)
class TeamGiven:
    """A team as told; the station is lon/lat (EPSG:4490), ``most_driving_minutes`` a day's limit.

    Without ``break_from`` and ``break_to`` (when the break may begin) there is no break.
    """

    division_code: str
    name: str
    lon: float
    lat: float
    member_ids: tuple[int, ...] = ()
    skills: tuple[str, ...] = ()
    vehicle: str | None = None
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    starts: time = time(8, 30)
    ends: time = time(17, 30)
    break_from: time | None = time(11, 30)
    break_to: time | None = time(13, 0)
    break_minutes: int = 60
    most_driving_minutes: int | None = None


def skills() -> dict[str, str]:
    """Return the skills that a team may have, with their Chinese names.

    Whoever works in the field inspects; every other purpose takes the skill for it.
    """
    return {name: text.zh for name, text in norms().purposes.items() if name != "routine"}


def team_problems(
    session: Session, actor: Actor, given: TeamGiven, *, team_id: int | None = None
) -> list[Problem]:
    """Return everything that stands against a team; ``team_id`` is that of one being changed."""
    return [
        *_name_problems(session, given, team_id),
        *_station_problems(given),
        *_member_problems(session, actor, given),
        *_skill_problems(given),
        *_time_problems(given),
    ]


def _name_problems(session: Session, given: TeamGiven, team_id: int | None) -> Iterator[Problem]:
    name = given.name.strip()
    if not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        told = f"请填写队伍名称（不超过 {LONGEST_NAME} 字）。"
        yield Problem("required", told, "A name is required.", "name")
        return
    alike = select(Team.id).where(Team.division_code == given.division_code, Team.name == name)
    if session.scalar(alike.where(Team.id.is_distinct_from(team_id))) is not None:
        told = f"本区划已有名为“{name}”的队伍（含已停用的），请换一个名称。"
        yield Problem("duplicate", told, "There is a team of that name.", "name")
    if given.vehicle and (len(given.vehicle) > LONGEST_NAME or "\0" in given.vehicle):
        told = f"车辆说明不超过 {LONGEST_NAME} 字。"
        yield Problem("too_long", told, "The vehicle is too long.", "vehicle")


def _station_problems(given: TeamGiven) -> Iterator[Problem]:
    west, south, east, north = county_extent()
    if not (west <= given.lon <= east and south <= given.lat <= north):
        told = (
            f"工作站应在本县范围内（经度 {west:.2f}～{east:.2f}，纬度 {south:.2f}～{north:.2f}），"
            "请在地图上点选。"
        )
        yield Problem("outside_county", told, "The station lies outside the county.", "station")


def _member_problems(session: Session, actor: Actor, given: TeamGiven) -> Iterator[Problem]:
    wanted = set(given.member_ids)
    if len(wanted) > MOST_MEMBERS:
        told = f"一支队伍最多 {MOST_MEMBERS} 人。"
        yield Problem("too_many", told, "Too many members.", "members")
        return
    accounts = session.scalars(select(Account).where(Account.id.in_(wanted))).all()
    fitting = {each.id for each in accounts if fits(actor, given.division_code, each)}
    if wanted - fitting:
        names = {each.id: each.display_name for each in accounts}
        listed = "、".join(names.get(one, str(one)) for one in sorted(wanted - fitting))
        told = f"{listed}不能加入该队伍：成员应是本区划在用的、可填报巡查记录的账号。"
        yield Problem("not_allowed", told, "Members must be of this division.", "members")


def fits(actor: Actor, division_code: str, account: Account) -> bool:
    """Tell whether an account may work in a team of the division.

    It belongs inside the division; those above it, whom the actor has charge of, may help out.
    """
    if not account.active or Role(account.role).value not in FIELD_ROLES:
        return False
    above = division_code.startswith(account.division_code)
    return account.division_code.startswith(division_code) or (
        above and account.division_code.startswith(actor.scope)
    )


def _skill_problems(given: TeamGiven) -> Iterator[Problem]:
    if unknown := set(given.skills) - skills().keys():
        told = f"没有这样的技能：{'、'.join(sorted(unknown))}。请从列表中选择。"
        yield Problem("unknown_value", told, "There is no such skill.", "skills")


def _time_problems(given: TeamGiven) -> Iterator[Problem]:
    if not given.weekdays or not set(given.weekdays) <= set(range(1, 8)):
        told = "请至少选择一个工作日（1～7，1 为星期一）。"
        yield Problem("required", told, "Choose weekdays, 1 to 7.", "weekdays")
    if given.starts >= given.ends:
        told = "下班时间应晚于上班时间。"
        yield Problem("out_of_order", told, "The shift ends before it begins.", "ends")
    else:
        yield from _break_problems(given)
    driving = given.most_driving_minutes
    if driving is not None and not 1 <= driving <= 24 * 60:
        told = "每日最长行车时间应为 1～1440 分钟；不限制的请留空。"
        yield Problem("out_of_range", told, "Driving is out of range.", "most_driving_minutes")


def _break_problems(given: TeamGiven) -> Iterator[Problem]:
    if (given.break_from is None) is not (given.break_to is None):
        told = "午休的最早和最晚开始时间要么都填，要么都不填。"
        yield Problem("required", told, "Give both times of the break, or none.", "break_from")
    elif given.break_from is not None and given.break_to is not None:
        if given.break_from > given.break_to:
            told = "午休最晚开始时间不应早于最早开始时间。"
            yield Problem("out_of_order", told, "The break ends before it begins.", "break_to")
        elif given.break_from < given.starts or given.ends < given.break_from:
            told = "午休应在上班时间之内。"
            yield Problem("out_of_range", told, "The break lies outside the shift.", "break_from")
    if not 0 <= given.break_minutes <= LONGEST_BREAK:
        told = f"午休时长应为 0～{LONGEST_BREAK} 分钟。"
        yield Problem("out_of_range", told, "The break is out of range.", "break_minutes")

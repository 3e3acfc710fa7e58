"""How far the plans of the demo county got: acts, participation, opinions, projects (pure).

Everything is invented and says so; people are posts. Days follow the rules of the procedure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from fuliang_gis.demo.plans.villages import Village
from fuliang_gis.holidays import working_day_from
from fuliang_gis.planning.procedure.rules import STEPS, notice_end

#: Days before the day on which the county is shown, by step.
_DAYS: Mapping[str, Mapping[str, int]] = {
    "draft": {},
    "notice": {"submit": 44, "vote": 30, "notice": 12},
    "in_force": {
        "submit": 352,
        "vote": 338,
        "notice": 325,
        "forward": 284,
        "approve": 262,
        "publish": 250,
        "force": 246,
    },
}
_NOTICE_DAYS = 30
_WHO = {"submit": "planner", "vote": "township", "notice": "township", "forward": "township"}


@dataclass(frozen=True)
class Act:
    """A step that was taken; ``by`` names a post."""

    kind: str
    held_on: date
    before: str
    after: str
    by: str
    note: str = ""


@dataclass(frozen=True)
class Part:
    """What villagers took part in; ``votes`` are in favour, against, abstained."""

    kind: str
    held_on: date
    place: str
    entitled: int | None
    attended: int
    summary: str
    votes: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Opinion:
    """What somebody said; ``site`` names what it is about, ``days`` how long ago it came."""

    text: str
    site: str
    days: int
    state: str = "shown"
    verdict: str | None = None
    reply: str | None = None
    signed: str = ""


@dataclass(frozen=True)
class Project:
    """One of the projects; ``site`` names its parcel, ``facility`` what is built there."""

    kind: str
    name: str
    site: str
    floor_m2: float | None
    funds: float
    source: str
    responsible: str
    cooperating: str
    manner: str
    facility: str | None = None


_TOLD = {
    "submit": "方案经村民小组长会讨论，提交村民会议。",
    "vote": "表决通过。",
    "notice": "在村务公开栏和网上公示。",
    "forward": "公示期满，意见已逐条答复，报县。",
    "approve": "同意批准。",
    "publish": "在县政府网站和村务公开栏公布。",
    "force": "自公布之日起实施。",
}


def acts(state: str, as_of: date) -> list[Act]:
    """Return the steps that led to a state, in their order."""
    found: list[Act] = []
    for kind, before in _DAYS[state].items():
        step = STEPS[kind]
        day = working_day_from(as_of - timedelta(days=before))
        if found and found[-1].kind == "notice":
            day = max(day, working_day_from(notice_until(found[-1].held_on) + timedelta(days=1)))
        by = _WHO.get(kind, "reviewer")
        found.append(Act(kind, day, step.before, step.after, by, f"{_TOLD[kind]}（虚构）"))
    return found


def notice_until(begin: date) -> date:
    """Return the last day of a notice."""
    return notice_end(begin, _NOTICE_DAYS)


def approval_number(day: date) -> str:
    """Return the invented number of an approval."""
    return f"浮府规批（示意）〔{day.year}〕7号"


def participation(village: Village, taken: Sequence[Act], as_of: date) -> list[Part]:
    """Return what villagers took part in: before the vote, the vote, the notice."""
    days = {act.kind: act.held_on for act in taken}
    begun = days.get("submit", as_of - timedelta(days=20))
    households = village.site.households
    asked = (
        ("mobilise", 75, "村委会", None, 0.4, "召开动员会，说明编制村庄规划的目的和程序。"),
        ("survey", 60, "各村民小组", households, 0.82, "入户调查住房、用水、厕所和建房意愿。"),
        ("consult", 12, "村委会", households, 0.35, "展示方案，听取对宅基地和公共设施的意见。"),
    )
    found = [
        Part(
            kind,
            working_day_from(begun - timedelta(days=before)),
            place,
            entitled,
            round(households * share),
            f"{told}（虚构）",
        )
        for kind, before, place, entitled, share, told in asked
    ]
    if "vote" in days:
        came = -(-households * 4 // 5)
        votes = (came - came // 12 - came // 30, came // 12, came // 30)
        told = "户的代表会议表决村庄规划方案。（虚构）"
        found.append(Part("vote", days["vote"], "村委会", households, came, told, votes))
    if "forward" in days:
        told = "公示期间收到意见，均已答复。（虚构）"
        found.append(Part("notice", notice_until(days["notice"]), "村务公开栏", None, 0, told))
    return found


_OPINIONS = (
    Opinion(
        "新建宅基地离主路太近，希望留出绿化和排水沟。",
        "新建宅基地一",
        10,
        verdict="adopted",
        reply="采纳。施工时沿路一侧留出排水沟和绿化带。",
    ),
    Opinion(
        "村民广场能不能改成停车场？过年车都停在路上。",
        "村民广场",
        9,
        verdict="partly",
        reply="部分采纳。广场一侧划出临时车位，平时仍作活动场地。",
        signed="一位村民",
    ),
    Opinion("垃圾收集点离住户近，担心有气味，建议再往外移一点。", "垃圾收集点及公厕", 6),
    Opinion("旱改水以后水从哪里来？请说明灌溉水源。", "旱改水1", 4, signed="种田户"),
    Opinion("希望服务中心里有卫生室和老年人活动室。", "综合服务中心", 1, state="waiting"),
)
_REPLIES = (
    ("adopted", "采纳。已在收集点与住户之间留出距离，并定期清运。"),
    ("adopted", "采纳。灌溉用水引自上游山塘，随旱改水工程配套沟渠。"),
    ("adopted", "采纳。服务中心设卫生室和老年人活动室。"),
)


def opinions(state: str) -> list[Opinion]:
    """Return what people said of a plan; of one that is decided, everything is answered."""
    if state == "draft":
        return []
    if state == "notice":
        return list(_OPINIONS)
    late = iter(_REPLIES)
    return [each if each.verdict else _answered(each, *next(late)) for each in _OPINIONS]


def _answered(said: Opinion, verdict: str, reply: str) -> Opinion:
    return replace(said, state="shown", verdict=verdict, reply=reply)


def projects(village: Village) -> list[Project]:
    """Return the projects of the next years."""
    place = village.site.spoken
    committee = f"{place.removesuffix('村')}村民委员会"
    town = f"{village.site.township_name}人民政府"
    aid, own = "衔接推进乡村振兴补助资金", "村集体自筹"
    return [
        Project("公共服务", f"{place}综合服务中心", "综合服务中心", 860, 168, aid, town,
                "县卫生健康部门", "新建", "clinic"),
        Project("环境整治", f"{place}垃圾收集点及公厕", "垃圾收集点及公厕", 90, 36, aid,
                committee, "县城管部门", "新建", "waste_point"),
        Project("环境整治", f"{place}村民广场", "村民广场", None, 42, own, committee, town,
                "新建"),
        Project("基础设施", f"{place}光伏配电间", "光伏配电间", 120, 75, aid, committee,
                "县供电部门", "新建", "pv_station"),
        Project("国土整治", f"{place}旱改水工程", "旱改水1", None, 58, "高标准农田建设资金", town,
                "县农业农村部门", "改建"),
        Project("住房", f"{place}宅基地集中安置", "新建宅基地一", None, 210, "村民自筹",
                committee, town, "新建"),
    ]  # fmt: skip

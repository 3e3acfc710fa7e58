"""The road of a plan: which step leads from where to where, who takes it, what must be done (pure).

Articles are those of the 城乡规划法 (planning law), the 村民委员会组织法 (villagers' committees)
and, for how days are counted, the 民法典 (civil code).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from fuliang_gis.accounts.roles import Permission
from fuliang_gis.errors import Problem
from fuliang_gis.holidays import working_day_from
from fuliang_gis.planning.norms import Assembly, Profile

DAY = timedelta(days=1)
#: Longest text of a note, a reason or a number [characters].
LONGEST_NOTE, LONGEST_NUMBER = 2000, 100
#: A notice is put up within so many days of the decision to, and stays up no longer than a year.
LATEST_START, LONGEST_NOTICE = timedelta(days=60), timedelta(days=366)

ARTICLE_18 = "《城乡规划法》第十八条"
ARTICLE_22 = "《城乡规划法》第二十二条"
ARTICLE_26 = "《城乡规划法》第二十六条"
ARTICLE_48 = "《城乡规划法》第四十八条"
ARTICLE_8 = "《城乡规划法》第八条"
#: How the days of a notice are counted.
COUNTING = "《民法典》第二百零一条、第二百零三条"

_DRAFTS = (Permission.DRAFT_PLANS,)
_TOWNSHIP = (Permission.REVIEW_TOWNSHIP,)
_COUNTY = (Permission.REVIEW_PLANS,)


@dataclass(frozen=True)
class Step:
    """One step: from a state to the next; any of ``permissions`` takes it."""

    kind: str
    zh: str
    en: str
    before: str
    after: str
    permissions: tuple[Permission, ...]
    article: str
    #: Nobody takes it for what they have drafted.
    judges: bool = False


STEPS: Mapping[str, Step] = {
    step.kind: step
    for step in (
        Step("submit", "提交村民会议", "submit", "draft", "assembly", _DRAFTS, ARTICLE_22),
        Step("vote", "登记表决", "record the vote", "assembly", "township", _TOWNSHIP, ARTICLE_22),
        Step(
            "notice",
            "同意并公示",
            "put on notice",
            "township",
            "notice",
            _TOWNSHIP,
            ARTICLE_26,
            judges=True,
        ),
        Step(
            "forward",
            "结束公示并报县",
            "close the notice",
            "notice",
            "county",
            _TOWNSHIP,
            ARTICLE_26,
        ),
        Step("approve", "批准", "approve", "county", "approved", _COUNTY, ARTICLE_22, judges=True),
        Step("publish", "公布", "publish", "approved", "published", _COUNTY, ARTICLE_8),
        Step("force", "开始实施", "bring into force", "published", "in_force", _COUNTY, ARTICLE_18),
    )
}

#: Who may give a plan back to its drafters, by the state that it is in.
RETURNED_BY: Mapping[str, tuple[Permission, ...]] = {
    "assembly": (*_DRAFTS, *_TOWNSHIP, *_COUNTY),
    "township": (*_TOWNSHIP, *_COUNTY),
    "notice": (*_TOWNSHIP, *_COUNTY),
    "county": _COUNTY,
}

ACT_NAMES: Mapping[str, tuple[str, str]] = {
    **{kind: (step.zh, step.en) for kind, step in STEPS.items()},
    "return": ("退回编制", "return to drafting"),
    "change": ("启动修改", "begin a change"),
    "replaced": ("被新规划替代", "replaced"),
}


@dataclass(frozen=True)
class Vote:
    """What an assembly decided; ``assembly`` is a key of the profile's assemblies."""

    assembly: str
    entitled: int
    attended: int
    in_favour: int
    against: int
    abstained: int
    place: str = ""
    summary: str = ""


@dataclass(frozen=True)
class ActGiven:
    """A step as somebody takes it; ``held_on`` is the day that it counts from."""

    kind: str
    held_on: date
    note: str = ""
    vote: Vote | None = None
    until: date | None = None
    number: str = ""


@dataclass(frozen=True)
class Course:
    """How far a plan got, and on which days.

    ``errors`` and ``permits`` are the findings that keep the chosen scheme from being submitted;
    ``parcels`` is how many it has.
    """

    state: str = "draft"
    submitted_on: date | None = None
    voted_on: date | None = None
    notice_from: date | None = None
    notice_until: date | None = None
    forwarded_on: date | None = None
    approved_on: date | None = None
    published_on: date | None = None
    in_force_on: date | None = None
    unanswered: int = 0
    errors: int = 0
    permits: int = 0
    parcels: int = 1


def step_problems(course: Course, given: ActGiven, today: date, profile: Profile) -> list[Problem]:
    """Return what keeps a step from being taken; that it fits the state is taken for granted."""
    check = _CHECKS.get(given.kind)
    found = [] if check is None else check(course, given, today, profile)
    if len(given.note) > LONGEST_NOTE:
        told = f"说明最多 {LONGEST_NOTE} 字。"
        found.append(Problem("too_long", told, f"At most {LONGEST_NOTE} characters.", "note"))
    return found


def fits(course: Course, kind: str) -> bool:
    """Tell whether a step of that kind can be taken from the state that the plan is in."""
    if kind == "return":
        return course.state in RETURNED_BY
    if kind == "change":
        return course.state == "in_force"
    return kind in STEPS and STEPS[kind].before == course.state


def permissions(course: Course, kind: str) -> tuple[Permission, ...]:
    """Return which permissions (any of them) a step needs."""
    if kind == "return":
        return RETURNED_BY.get(course.state, _COUNTY)
    return _DRAFTS if kind == "change" else STEPS[kind].permissions


def after(course: Course, given: ActGiven) -> Course:
    """Return the course once a step was taken that had no problems."""
    if given.kind == "return":
        return Course(unanswered=course.unanswered)
    moved = replace(course, state=STEPS[given.kind].after)
    if given.kind == "notice":
        return replace(moved, notice_from=given.held_on, notice_until=given.until)
    return replace(moved, **{_DAYS[given.kind]: given.held_on})  # type: ignore[arg-type]


def notice_end(begin: date, days: int) -> date:
    """Return the earliest last day of a notice: the first day does not count, nor end days off.

    >>> notice_end(date(2026, 9, 1), 30)
    datetime.date(2026, 10, 8)
    """
    return working_day_from(begin + days * DAY)


def vote_problems(vote: Vote, assembly: Assembly | None) -> list[Problem]:
    """Return why a vote does not carry the plan: figures that cannot be, too few, no majority."""
    if assembly is None:
        unknown = ("请选择会议形式。", "Choose who voted.")
        return [Problem("unknown_choice", *unknown, "assembly")]
    counts = (vote.entitled, vote.attended, vote.in_favour, vote.against, vote.abstained)
    cast = vote.in_favour + vote.against + vote.abstained
    if min(counts) < 0 or not 0 < vote.attended <= vote.entitled or cast > vote.attended:
        told = "人数对不上：到会人数应不超过应到人数，赞成、反对、弃权合计应不超过到会人数。"
        return [Problem("vote_figures", told, "The figures of the vote do not fit.", "attended")]
    found = []
    least = assembly.quorum * vote.entitled
    if vote.attended < least or (assembly.more and vote.attended == least):
        over = "超过" if assembly.more else "达到"
        part = f"{assembly.quorum.denominator} 分之 {assembly.quorum.numerator}"
        zh = (
            f"到会 {vote.attended} 人，未{over}应到 {vote.entitled} 人的 {part}，会议无效"
            f"（{assembly.article}）。请重新召集。"
        )
        found.append(Problem("no_quorum", zh, "Too few came for the vote to count.", "attended"))
    if 2 * vote.in_favour <= vote.attended:
        zh = (
            f"赞成 {vote.in_favour} 人，未超过到会 {vote.attended} 人的一半，未获通过"
            f"（{assembly.article}）。请把本次表决记入村民参与，并退回编制修改。"
        )
        found.append(Problem("no_majority", zh, "The vote did not carry the plan.", "in_favour"))
    return found


def _submit(course: Course, _given: ActGiven, _today: date, _profile: Profile) -> list[Problem]:
    return _findings(course, "请先在“问题”页逐条改正", "请调整用地或请县级登记例外")


def _findings(course: Course, on_errors: str, on_permits: str) -> list[Problem]:
    found = []
    if not course.parcels:
        zh = "所选方案没有图斑，请先绘制或导入。"
        found.append(Problem("no_parcels", zh, "The scheme holds no parcels.", "scheme"))
    if course.errors:
        zh = f"方案还有 {course.errors} 处必须改正的问题，{on_errors}（{ARTICLE_18}）。"
        found.append(Problem("errors_open", zh, f"{course.errors} error(s) remain.", "scheme"))
    if course.permits:
        zh = f"还有 {course.permits} 处须论证报批的用地未登记例外，{on_permits}（{ARTICLE_18}）。"
        en = f"{course.permits} finding(s) need a waiver."
        found.append(Problem("permits_open", zh, en, "scheme"))
    return found


def _vote(course: Course, given: ActGiven, today: date, profile: Profile) -> list[Problem]:
    begin = course.submitted_on or today
    found = _days(given, begin, today, "提交日", ARTICLE_22)
    if given.vote is None:
        return [*found, Problem("required", "请填写表决人数。", "Give the vote.", "attended")]
    assemblies = {each.key: each for each in profile.assemblies}
    return [*found, *vote_problems(given.vote, assemblies.get(given.vote.assembly))]


def _notice(_course: Course, given: ActGiven, today: date, profile: Profile) -> list[Problem]:
    found = []
    if not today <= given.held_on <= today + LATEST_START:
        zh = f"公示起始日应在 {today} 至 {today + LATEST_START} 之间（{ARTICLE_26}）。"
        found.append(Problem("notice_start", zh, "The notice cannot begin on that day.", "held_on"))
    least = notice_end(given.held_on, profile.notice_days)
    if given.until is None or not least <= given.until <= given.held_on + LONGEST_NOTICE:
        zh = (
            f"公示不得少于 {profile.notice_days} 日（{ARTICLE_26}）：首日不计入，末日为休息日的"
            f"顺延（{COUNTING}），截止日不得早于 {least}，且不超过一年。"
        )
        en = f"The notice runs {profile.notice_days} days at least, until {least} or later."
        found.append(Problem("notice_too_short", zh, en, "until"))
    return found


def _forward(course: Course, _given: ActGiven, today: date, _profile: Profile) -> list[Problem]:
    found = []
    until = course.notice_until
    if until is None or today <= until:
        day = "公示截止" if until is None else f"{until + DAY}"
        zh = f"公示尚未期满，最早 {day} 可以结束（{ARTICLE_26}）。"
        found.append(Problem("notice_running", zh, "The notice still runs."))
    if course.unanswered:
        zh = (
            f"还有 {course.unanswered} 条意见没有答复；报批须附具意见采纳情况及理由"
            f"（{ARTICLE_26}）。请在“意见”页逐条答复。"
        )
        en = f"{course.unanswered} opinion(s) wait for an answer."
        found.append(Problem("opinions_unanswered", zh, en))
    return found


def _approve(course: Course, given: ActGiven, today: date, _profile: Profile) -> list[Problem]:
    found = _days(given, course.forwarded_on or today, today, "报县日", ARTICLE_22)
    if not given.number.strip() or len(given.number) > LONGEST_NUMBER:
        zh = f"请填写批准文号，最多 {LONGEST_NUMBER} 字。"
        found.append(Problem("required", zh, "Give the number of the approval.", "number"))
    return [*found, *_findings(course, "请退回编制", "请登记例外或退回编制")]


def _publish(course: Course, given: ActGiven, today: date, _profile: Profile) -> list[Problem]:
    return _days(given, course.approved_on or today, today, "批准日", ARTICLE_8)


def _force(course: Course, given: ActGiven, today: date, _profile: Profile) -> list[Problem]:
    return _days(given, course.published_on or today, today, "公布日", ARTICLE_18)


def _return(_course: Course, given: ActGiven, _today: date, _profile: Profile) -> list[Problem]:
    if given.note.strip():
        return []
    return [Problem("required", "请写明退回的原因。", "Give the reason.", "note")]


_CHECKS = {
    "submit": _submit,
    "vote": _vote,
    "notice": _notice,
    "forward": _forward,
    "approve": _approve,
    "publish": _publish,
    "force": _force,
    "return": _return,
}
_DAYS: Mapping[str, str] = {
    "submit": "submitted_on",
    "vote": "voted_on",
    "forward": "forwarded_on",
    "approve": "approved_on",
    "publish": "published_on",
    "force": "in_force_on",
}


def _days(given: ActGiven, first: date, today: date, name: str, article: str) -> list[Problem]:
    if first <= given.held_on <= today:
        return []
    zh = f"日期应不早于{name} {first}，也不晚于今天 {today}（{article}）。"
    return [Problem("out_of_order", zh, f"Choose a day from {first} to {today}.", "held_on")]

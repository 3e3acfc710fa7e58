"""What may happen to a disposal, and what it asks for (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fuliang_gis.accounts.roles import Permission
from fuliang_gis.errors import Invalid, Problem, SelfApproval, WrongState

#: Assets that may be disposed of, by what they are used for.
DISPOSABLE = ("idle", "damaged", "lost", "underused")
TEXT_LENGTH = 2000
SHORT_LENGTH = 100
#: Incomes beyond this are slips of the finger [yuan].
MOST_YUAN = Decimal(10_000_000_000)

ACT_NAMES: Mapping[str, tuple[str, str]] = {
    "revive": ("盘活", "revive"),
    "transfer": ("转移", "transfer"),
    "scrap": ("报废", "scrap"),
}
STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "proposed": ("待审批", "proposed"),
    "approved": ("已批准", "approved"),
    "refused": ("未批准", "refused"),
    "done": ("已完成", "done"),
    "withdrawn": ("已撤回", "withdrawn"),
}
#: What may set a disposal off.
TRIGGERS: Mapping[str, tuple[str, str]] = {
    "disaster": ("自然灾害", "natural disaster"),
    "accident": ("意外", "accident"),
    "planning": ("规划调整", "planning"),
    "expiry": ("到期", "end of life or contract"),
    "long_idle": ("长期闲置", "long idle"),
    "other": ("其他", "other"),
}
#: Ways in which an act is carried out.
WAYS: Mapping[str, tuple[str, ...]] = {
    "revive": ("修复启用", "改造升级", "出租", "合作经营", "改变用途"),
    "transfer": ("转让", "拍卖", "调拨", "捐赠"),
    "scrap": ("报废", "核销", "拆除"),
}
#: 盘活 four ways (农规发〔2024〕26号).
CLASSES: Mapping[str, tuple[str, str]] = {
    "consolidate": ("巩固一批", "consolidate"),
    "upgrade": ("升级一批", "upgrade"),
    "revive": ("盘活一批", "revive"),
    "adjust": ("调整一批", "adjust"),
}
#: What is said in place of an act that a state does not allow.
_ADVICE: Mapping[str, str] = {
    "proposed": "请先由县级审批。",
    "approved": "请完成处置，或撤回。",
    "refused": "请重新提出处置。",
    "done": "处置已完成。",
    "withdrawn": "请重新提出处置。",
}
#: From which states each act leads, and what it takes.
ACT_STATES: Mapping[str, frozenset[str]] = {
    "approve": frozenset({"proposed"}),
    "refuse": frozenset({"proposed"}),
    "finish": frozenset({"approved"}),
    "withdraw": frozenset({"proposed", "approved"}),
    "attach": frozenset({"proposed", "approved", "done"}),
}
PERMISSIONS: Mapping[str, Permission] = {
    "propose": Permission.PROPOSE_DISPOSAL,
    "approve": Permission.APPROVE_DISPOSAL,
    "refuse": Permission.APPROVE_DISPOSAL,
    "finish": Permission.PROPOSE_DISPOSAL,
    "withdraw": Permission.PROPOSE_DISPOSAL,
}
#: Any of these lets an account add papers inside its division.
PAPER_PERMISSIONS: tuple[Permission, ...] = (
    Permission.PROPOSE_DISPOSAL,
    Permission.APPROVE_DISPOSAL,
)
_DOING: Mapping[str, str] = {
    "approve": "批准",
    "refuse": "不予批准",
    "finish": "办结",
    "withdraw": "撤回",
    "attach": "添加附件",
}


@dataclass(frozen=True)
class Proposal:
    """What is proposed for an asset: act, what set it off, way, four-way class, and why."""

    act: str
    trigger: str
    proposal: str
    way: str | None = None
    class_: str | None = None


@dataclass(frozen=True)
class Finish:
    """How it ended: on which day, what it brought in [yuan], and what came of it."""

    result: str
    income_yuan: Decimal | None
    done_on: date


def use_after(act: str) -> str:
    """Return the use status of an asset once the act is done.

    >>> use_after("revive"), use_after("transfer"), use_after("scrap")
    ('in_use', 'disposed', 'disposed')
    """
    return "in_use" if act == "revive" else "disposed"


def require_state(name: str, state: str, act: str) -> None:
    """Refuse an act that the state does not allow.

    Raises:
        WrongState: It does not.
    """
    if state not in ACT_STATES[act]:
        told = STATE_NAMES[state][0]
        raise WrongState(name=name, state=told, act=_DOING[act], advice=_ADVICE[state])


def require_another(proposed_by: int | None, decided_by: int) -> None:
    """Refuse a decision on one's own proposal.

    Raises:
        SelfApproval: It is.
    """
    if proposed_by == decided_by:
        raise SelfApproval(act="审批")


def check_proposal(given: Proposal) -> None:
    """Refuse a proposal that lacks something.

    Raises:
        Invalid: With one problem a fault.
    """
    _refuse(_proposal_faults(given))


def _proposal_faults(given: Proposal) -> Iterator[Problem]:
    yield from _choice("act", "处置方式", given.act, ACT_NAMES)
    yield from _choice("trigger", "处置原因", given.trigger, TRIGGERS)
    yield from _text("proposal", "处置建议", given.proposal)
    if given.way:
        yield from _choice("way", "具体途径", given.way, WAYS.get(given.act, (given.way,)))
    if given.class_:
        yield from _choice("class", "盘活分类", given.class_, CLASSES)


def check_approval(approval_no: str | None, opinion: str | None, *, approved: bool) -> None:
    """Refuse an approval without its number, and a refusal without a reason.

    Raises:
        Invalid: With one problem a fault.
    """
    if approved:
        _refuse(_text("approval_no", "批准文号", approval_no, most=SHORT_LENGTH))
    else:
        _refuse(_text("opinion", "不予批准的原因", opinion))


def check_finish(given: Finish, today: date) -> None:
    """Refuse an end without result, with no income told, or in the future.

    Raises:
        Invalid: With one problem a fault.
    """
    _refuse(_finish_faults(given, today))


def _finish_faults(given: Finish, today: date) -> Iterator[Problem]:
    yield from _text("result", "处置结果", given.result)
    income = given.income_yuan
    if income is None or not (income.is_finite() and 0 <= income <= MOST_YUAN):
        zh = "请填写处置收入（元），没有收入填 0。"
        yield Problem("out_of_range", zh, "Give the income in yuan, 0 for none.", "income_yuan")
    if given.done_on > today:
        yield Problem("out_of_range", "完成日期不能晚于今天。", "It lies ahead.", "done_on")


def _refuse(faults: Iterator[Problem]) -> None:
    if found := list(faults):
        raise Invalid(found)


def _text(name: str, label: str, value: str | None, most: int = TEXT_LENGTH) -> Iterator[Problem]:
    if not (value or "").strip():
        yield Problem("required", f"请填写{label}。", f"'{name}' is required.", name)
    elif len(value or "") > most:
        yield Problem("too_long", f"“{label}”最多 {most} 字。", f"'{name}' is too long.", name)


def _choice(name: str, label: str, value: str, known: object) -> Iterator[Problem]:
    if value not in known:  # type: ignore[operator]
        zh = f"“{label}”没有“{value}”这一项，请从列表中选择。"
        yield Problem("unknown_choice", zh, f"'{value}' is no choice of '{name}'.", name)

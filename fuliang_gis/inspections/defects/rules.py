"""What may happen to a defect and its measures, and when (pure).

A problem goes found → assigned → fixed → verified → closed. The steps between "assigned" and
"verified" follow from its measures: any open one keeps it assigned, all fixed make it fixed, all
verified make it verified. It may be sent back on the way and reopened after closure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from fuliang_gis.accounts.roles import Permission
from fuliang_gis.errors import MeasuresOpen, NotFound, SelfApproval, WrongState
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.sheets import Text

#: Days after which an overdue problem goes on from the township to the county [days].
COUNTY_AFTER_DAYS = 7

STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "found": ("待整改", "found"),
    "assigned": ("整改中", "assigned"),
    "fixed": ("待验收", "fixed"),
    "verified": ("待销号", "verified"),
    "closed": ("已销号", "closed"),
}
MEASURE_NAMES: Mapping[str, tuple[str, str]] = {
    "open": ("未完成", "open"),
    "fixed": ("待验收", "fixed"),
    "verified": ("已验收", "verified"),
}
SOURCE_NAMES: Mapping[str, tuple[str, str]] = {
    "visit": ("巡查发现", "visit"),
    "report": ("群众反映", "public report"),
    "manual": ("人工登记", "manual"),
    "supervision": ("考核巡视反馈", "supervision"),
}
ESCALATION_NAMES: Mapping[str, tuple[str, str]] = {
    "township": ("已提级至乡镇", "raised to the township"),
    "county": ("已提级至县", "raised to the county"),
}


class Act(StrEnum):
    """What somebody does to a defect; the values are those of its events."""

    FIND = "find"
    ASSIGN = "assign"
    CHANGE = "change"
    FIX = "fix"
    VERIFY = "verify"
    REJECT = "reject"
    CLOSE = "close"
    SEND_BACK = "return"
    REOPEN = "reopen"
    ESCALATE = "escalate"
    COMMENT = "comment"


ACT_NAMES: Mapping[Act, tuple[str, str]] = {
    Act.FIND: ("登记", "find"),
    Act.ASSIGN: ("交办", "assign"),
    Act.CHANGE: ("修改", "change"),
    Act.FIX: ("反馈整改", "report as fixed"),
    Act.VERIFY: ("验收通过", "verify"),
    Act.REJECT: ("驳回", "reject"),
    Act.CLOSE: ("销号", "close"),
    Act.SEND_BACK: ("退回", "send back"),
    Act.REOPEN: ("重新打开", "reopen"),
    Act.ESCALATE: ("提级督办", "escalate"),
    Act.COMMENT: ("留言", "comment"),
}

_P = Permission
#: Any of these lets an account do the act inside its division.
ACT_PERMISSIONS: Mapping[Act, tuple[Permission, ...]] = {
    Act.FIND: (_P.HANDLE_DEFECTS,),
    Act.ASSIGN: (_P.HANDLE_DEFECTS,),
    Act.CHANGE: (_P.HANDLE_DEFECTS,),
    Act.FIX: (_P.FIX_DEFECTS,),
    Act.VERIFY: (_P.VERIFY_DEFECTS,),
    Act.REJECT: (_P.VERIFY_DEFECTS,),
    Act.CLOSE: (_P.CLOSE_DEFECTS,),
    Act.REOPEN: (_P.CLOSE_DEFECTS,),
    Act.COMMENT: (_P.HANDLE_DEFECTS, _P.FIX_DEFECTS, _P.VERIFY_DEFECTS, _P.CLOSE_DEFECTS),
}
#: Who sends back depends on where it lies: its owner before it is fixed, its judge afterwards.
SEND_BACK_PERMISSIONS: Mapping[str, tuple[Permission, ...]] = {
    "assigned": (_P.HANDLE_DEFECTS, _P.FIX_DEFECTS),
    "fixed": (_P.VERIFY_DEFECTS,),
    "verified": (_P.VERIFY_DEFECTS, _P.CLOSE_DEFECTS),
}

#: The states in which an act is possible at all.
ACT_STATES: Mapping[Act, frozenset[str]] = {
    Act.ASSIGN: frozenset({"found", "assigned"}),
    Act.CHANGE: frozenset({"found", "assigned"}),
    Act.FIX: frozenset({"assigned"}),
    Act.VERIFY: frozenset({"assigned", "fixed"}),
    Act.REJECT: frozenset({"assigned", "fixed"}),
    Act.CLOSE: frozenset({"verified"}),
    Act.SEND_BACK: frozenset(SEND_BACK_PERMISSIONS),
    Act.REOPEN: frozenset({"closed"}),
    Act.COMMENT: frozenset(STATE_NAMES),
}
_ADVICE: Mapping[str, str] = {
    "found": "请先交办。",
    "assigned": "请先完成整改并反馈。",
    "fixed": "请先验收，或退回整改。",
    "verified": "可以销号，或退回整改。",
    "closed": "需要时请先重新打开。",
}


@dataclass(frozen=True)
class Failure:
    """What a visit found wrong: a failed item or reading of the checklist.

    ``item`` is its name in the checklist, ``detail`` what the inspector noted.
    """

    item: str
    title: str
    severity: str
    category: str
    detail: str | None = None


@dataclass(frozen=True)
class MeasureFacts:
    """What is decided about one measure."""

    key: int
    state: str = "open"
    fixed_by: int | None = None
    verified_by: int | None = None
    rejections: int = 0


@dataclass(frozen=True)
class Case:
    """What is decided about one problem; ``name`` is what people call it by."""

    name: str
    state: str
    measures: tuple[MeasureFacts, ...]
    rejections: int = 0
    reopenings: int = 0

    def measure(self, key: int) -> MeasureFacts:
        """Return one of its measures.

        Raises:
            NotFound: It has none of that key.
        """
        for each in self.measures:
            if each.key == key:
                return each
        raise NotFound(what="整改措施", key=key)


def named(texts: Mapping[str, Text], key: str | None) -> str:
    """Return the Chinese name of a category and the like; the key itself where it has none left.

    >>> named({"idle": Text("资产闲置", "idle asset")}, "idle")
    '资产闲置'
    """
    return texts[key].zh if key and key in texts else key or ""


def permissions_of(act: Act, state: str) -> tuple[Permission, ...]:
    """Return the permissions of which any one lets an account do the act in that state."""
    if act is Act.SEND_BACK:
        return SEND_BACK_PERMISSIONS.get(state, (_P.HANDLE_DEFECTS,))
    return ACT_PERMISSIONS[act]


def require_state(case: Case, act: Act) -> None:
    """Refuse an act that the state does not allow.

    Raises:
        MeasuresOpen: It is to be closed while measures are not verified.
        WrongState: Any other act that does not fit.
    """
    if case.state in ACT_STATES[act]:
        return
    left = sum(each.state != "verified" for each in case.measures)
    state, doing = STATE_NAMES[case.state][0], ACT_NAMES[act][0]
    told = {"name": case.name, "state": state, "act": doing, "advice": _ADVICE[case.state]}
    if act is Act.CLOSE and case.state != "closed" and left:
        raise MeasuresOpen(count=left, **told)
    raise WrongState(**told)


def require_photos(case: Case, key: int | None) -> None:
    """Refuse further photos where nothing is to be shown any more.

    Args:
        key: The measure that they show carried out; None for photos of before.

    Raises:
        NotFound: It has no such measure.
        WrongState: It is closed, or not assigned yet, or the measure is verified.
    """
    told = {"name": case.name, "state": STATE_NAMES[case.state][0], "act": "补充照片"}
    states = ACT_STATES[Act.COMMENT] - {"closed"} if key is None else {"assigned", "fixed"}
    if key is not None:
        measure = case.measure(key)
        if measure.state == "verified" and case.state in states:
            _require_measure(case, measure, "fixed", Act.FIX)
    if case.state not in states:
        raise WrongState(**told, advice=_ADVICE[case.state])


def assigned(case: Case) -> Case:
    """Give a problem to its owner."""
    require_state(case, Act.ASSIGN)
    return settled(replace(case, state="assigned"))


def fixed(case: Case, key: int, by: int) -> Case:
    """Report one measure as carried out.

    Raises:
        WrongState: The problem is not assigned, or the measure is reported already.
    """
    require_state(case, Act.FIX)
    measure = case.measure(key)
    _require_measure(case, measure, "open", Act.FIX)
    return _with(case, replace(measure, state="fixed", fixed_by=by, verified_by=None))


def verified(case: Case, key: int, by: int) -> Case:
    """Accept one fixed measure.

    Raises:
        SelfApproval: The person carried it out.
        WrongState: It is not fixed.
    """
    return _with(
        case, replace(_judged(case, key, by, Act.VERIFY), state="verified", verified_by=by)
    )


def rejected(case: Case, key: int, by: int) -> Case:
    """Refuse one fixed measure: it is open again, and the rejection counts.

    Raises:
        SelfApproval: The person carried it out.
        WrongState: It is not fixed.
    """
    measure = _judged(case, key, by, Act.REJECT)
    return _with(replace(case, rejections=case.rejections + 1), _opened(measure, rejected=True))


def closed(case: Case) -> Case:
    """Strike a problem off.

    Raises:
        MeasuresOpen: A measure is not verified.
        WrongState: It is closed already.
    """
    require_state(case, Act.CLOSE)
    return replace(case, state="closed")


def sent_back(case: Case, by: int) -> Case:
    """Send a problem back a step: to whom found it, or from its judges to whom mends it.

    Once it is fixed, every measure that was reported is opened again and counts as rejected.

    Raises:
        SelfApproval: It is fixed, and the person carried out one of its measures.
    """
    require_state(case, Act.SEND_BACK)
    if case.state != "assigned" and by in {each.fixed_by for each in case.measures}:
        raise SelfApproval(act="退回")
    if case.state == "assigned":
        return replace(case, state="found")
    back = tuple(_opened(each, rejected=True) for each in case.measures)
    return replace(case, state="assigned", measures=back, rejections=case.rejections + len(back))


def reopened(case: Case, keys: Collection[int] = ()) -> Case:
    """Take up a closed problem again, with the measures named, or all of them, open."""
    require_state(case, Act.REOPEN)
    chosen = {case.measure(key).key for key in keys} or {each.key for each in case.measures}
    back = tuple(
        _opened(each, rejected=False) if each.key in chosen else each for each in case.measures
    )
    return replace(case, state="assigned", measures=back, reopenings=case.reopenings + 1)


def settled(case: Case) -> Case:
    """Return the problem with the state that its measures give, once it is assigned."""
    if case.state in ("found", "closed"):
        return case
    states = {each.state for each in case.measures}
    if "open" in states or not states:
        return replace(case, state="assigned")
    return replace(case, state="fixed" if "fixed" in states else "verified")


def deadline(severity: str, found_on: date) -> date:
    """Return the day by which a problem of that severity is to be closed."""
    return found_on + timedelta(days=norms().deadline_days[severity])


def escalation(severity: str, due_on: date, today: date) -> str | None:
    """Tell who is to look after an unclosed problem: township, county, or nobody yet.

    An overdue one goes to the township; a serious one, or one more than ``COUNTY_AFTER_DAYS`` days
    overdue, to the county.

    >>> escalation("minor", date(2022, 10, 1), date(2022, 10, 8))
    'township'
    >>> escalation("minor", date(2022, 10, 1), date(2022, 10, 9))
    'county'
    """
    late = (today - due_on).days
    if late <= 0:
        return None
    return "county" if severity == "serious" or late > COUNTY_AFTER_DAYS else "township"


def _judged(case: Case, key: int, by: int, act: Act) -> MeasureFacts:
    require_state(case, act)
    measure = case.measure(key)
    _require_measure(case, measure, "fixed", act)
    if measure.fixed_by == by:
        raise SelfApproval(act="验收" if act is Act.VERIFY else "驳回")
    return measure


def _require_measure(case: Case, measure: MeasureFacts, state: str, act: Act) -> None:
    if measure.state != state:
        advice = "已验收的措施如有问题，请退回或重新打开。" if measure.state == "verified" else ""
        raise WrongState(
            name=f"{case.name} 的整改措施",
            state=MEASURE_NAMES[measure.state][0],
            act=ACT_NAMES[act][0],
            advice=advice or ("请先反馈整改。" if measure.state == "open" else "请等待验收。"),
        )


def _opened(measure: MeasureFacts, *, rejected: bool) -> MeasureFacts:
    rejections = measure.rejections + rejected
    return MeasureFacts(measure.key, rejections=rejections)


def _with(case: Case, measure: MeasureFacts) -> Case:
    changed = tuple(measure if each.key == measure.key else each for each in case.measures)
    return settled(replace(case, measures=changed))

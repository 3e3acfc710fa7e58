"""The county's rules: add, change, withdraw, restore; what follows from it is written at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.db.base import Json
from fuliang_gis.errors import Conflict, Invalid, NotFound, Problem, VersionRequired, WrongState
from fuliang_gis.inspections.duties.generation import generate, horizon
from fuliang_gis.inspections.duties.norm_rules import differences, note, stated
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.duties.records import kept_checklist
from fuliang_gis.inspections.models import InspectionRule
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.models import ASSET_CLASSES
from fuliang_gis.locations.registry import layers
from fuliang_gis.locations.sheets import ChecklistItem

#: The most visits that a period of a kind holds: one a day in its shortest form.
MOST = {
    PeriodKind.WEEK: 7,
    PeriodKind.MONTH: 28,
    PeriodKind.QUARTER: 31,
    PeriodKind.HALF_YEAR: 31,
    PeriodKind.YEAR: 31,
}
_LONGEST = 200
#: Dates outside these are slips of the keyboard.
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class RuleGiven:
    """What a rule says, as a person gives it; None of layer, kind or asset class means any."""

    title: str
    purpose: str
    period: str
    count: int
    basis: str
    valid_from: date
    layer: str | None = None
    kind: str | None = None
    asset_class: str | None = None
    valid_to: date | None = None
    checklist: tuple[ChecklistItem, ...] | None = None

    def values(self) -> dict[str, Any]:
        """Return it column by column."""
        return {
            "title": self.title.strip(),
            "purpose": self.purpose,
            "layer": self.layer,
            "kind": self.kind,
            "asset_class": self.asset_class,
            "period": self.period,
            "count": self.count,
            "basis": self.basis.strip(),
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "checklist": kept_checklist(self.checklist),
        }


def create_rule(session: Session, actor: Actor, given: RuleGiven) -> InspectionRule:
    """Add a rule.

    Raises:
        Forbidden: The actor makes no rules.
        Invalid: It contradicts itself, or names what there is not.
    """
    require_role(actor, Permission.MANAGE_RULES)
    _check(given)
    by = {"created_by": actor.account_id, "updated_by": actor.account_id}
    added = insert(InspectionRule).values(**given.values(), **by, version=1)
    rule_id = session.execute(added.returning(InspectionRule.id)).scalar_one()
    row = session.get_one(InspectionRule, rule_id)
    _done(session, actor, row, "create", {}, stated(row))
    return row


def update_rule(
    session: Session, actor: Actor, rule_id: int, given: RuleGiven, *, expected_version: int | None
) -> InspectionRule:
    """Change what a rule says; closed periods stay as they were.

    Raises:
        Forbidden, NotFound, VersionRequired, Conflict, Invalid: As they say.
        WrongState: It follows a file, or is withdrawn.
    """
    row = _fetch(session, actor, rule_id, expected_version)
    if row.norm_key is not None:
        raise WrongState(
            name=row.title,
            state="由配置文件规定",
            act="在页面上修改",
            advice="请停用它并新增一条县里的规则，或由管理员修改 data/norms 与 layers 中的文件。",
        )
    _require_state(row, withdrawn=False, act="修改")
    _check(given)
    before = stated(row)
    for name, value in given.values().items():
        setattr(row, name, value)
    old, new = differences(before, stated(row))
    if new:
        _touch(row, actor)
        _done(session, actor, row, "update", old, new)
    return row


def withdraw_rule(
    session: Session, actor: Actor, rule_id: int, *, expected_version: int | None
) -> InspectionRule:
    """Let a rule count no longer from today; what it asked for in closed periods stays.

    Raises:
        Forbidden, NotFound, VersionRequired, Conflict, WrongState: As they say.
    """
    row = _fetch(session, actor, rule_id, expected_version)
    _require_state(row, withdrawn=False, act="停用")
    row.withdrawn_at = clock.now()
    _touch(row, actor)
    _done(session, actor, row, "withdraw", {}, {})
    return row


def restore_rule(
    session: Session, actor: Actor, rule_id: int, *, expected_version: int | None
) -> InspectionRule:
    """Let a withdrawn rule count again, for every period that is still open.

    Raises:
        Forbidden, NotFound, VersionRequired, Conflict, WrongState: As they say.
    """
    row = _fetch(session, actor, rule_id, expected_version)
    _require_state(row, withdrawn=True, act="启用")
    row.withdrawn_at = None
    _touch(row, actor)
    _done(session, actor, row, "restore", {}, {})
    return row


def _fetch(
    session: Session, actor: Actor, rule_id: int, expected_version: int | None
) -> InspectionRule:
    require_role(actor, Permission.MANAGE_RULES)
    wanted = select(InspectionRule).where(InspectionRule.id == rule_id).with_for_update()
    row = session.scalars(wanted).one_or_none()
    if row is None:
        raise NotFound(what="巡查规则", key=rule_id)
    if expected_version is None:
        raise VersionRequired
    if row.version != expected_version:
        raise Conflict(name=row.title, current=row.version, expected=expected_version)
    return row


def _require_state(row: InspectionRule, *, withdrawn: bool, act: str) -> None:
    if (row.withdrawn_at is not None) is not withdrawn:
        state = "使用中" if withdrawn else "已停用"
        advice = "" if withdrawn else "请先启用。"
        raise WrongState(name=row.title, state=state, act=act, advice=advice)


def _touch(row: InspectionRule, actor: Actor) -> None:
    row.version, row.updated_by, row.updated_at = row.version + 1, actor.account_id, clock.now()


def _done(
    session: Session, actor: Actor, row: InspectionRule, action: str, before: Json, after: Json
) -> None:
    session.flush()
    note(session, row, action, actor.account_id, before, after)
    audit.record(
        session,
        actor,
        f"{action}_rule",
        f"rule/{row.id}",
        detail={"title": row.title, "version": row.version, "fields": sorted(after)},
    )
    today = clock.today()
    generate(session, horizon(today), today=today)


def _check(given: RuleGiven) -> None:
    problems = list(_problems(given))
    if problems:
        raise Invalid(problems)


def _problems(given: RuleGiven) -> Iterator[Problem]:
    for name, label, en in (("title", "规则名称", "A title"), ("basis", "依据", "The basis")):
        text = getattr(given, name).strip()
        if not 0 < len(text) <= _LONGEST:
            zh = f"请填写{label}（不超过 {_LONGEST} 字）。"
            yield Problem("required", zh, f"{en} of 1 to {_LONGEST} characters is needed.", name)
    if given.purpose not in norms().purposes:
        yield _unknown("purpose", "巡查事项", given.purpose)
    if given.asset_class is not None and given.asset_class not in ASSET_CLASSES:
        yield _unknown("asset_class", "资产类别", given.asset_class)
    yield from _layer_problems(given)
    yield from _checklist_problems(given.checklist or ())
    if given.period not in set(PeriodKind):
        yield _unknown("period", "周期", given.period)
    elif given.count not in range(1, (most := MOST[PeriodKind(given.period)]) + 1):
        zh, en = f"每个周期的次数应为 1～{most}。", f"The count must be 1 to {most}."
        yield Problem("out_of_range", zh, en, "count")
    for name in ("valid_from", "valid_to"):
        day = getattr(given, name)
        if day is not None and not EARLIEST <= day <= LATEST:
            zh, en = "日期应在 2000 年至 2199 年之间。", "Dates lie between 2000 and 2199."
            yield Problem("out_of_range", zh, en, name)
    if given.valid_to is not None and given.valid_to < given.valid_from:
        zh, en = "截止日期不能早于起始日期。", "The end lies before the start."
        yield Problem("out_of_range", zh, en, "valid_to")


def _checklist_problems(items: Sequence[ChecklistItem]) -> Iterator[Problem]:
    known = norms()
    for item in items:
        if not 0 < len(item.zh.strip()) <= _LONGEST:
            zh = f"每个检查项须有内容（不超过 {_LONGEST} 字）。"
            yield Problem("required", zh, "A question is empty or too long.", "checklist")
        if item.severity not in known.severities:
            yield _unknown("checklist", "严重程度", item.severity)
        if item.category is not None and item.category not in known.categories:
            yield _unknown("checklist", "问题类型", item.category)


def _layer_problems(given: RuleGiven) -> Iterator[Problem]:
    if given.layer is None:
        if given.kind is not None:
            yield Problem("required", "选了类型，还须选图层。", "A kind needs its layer.", "layer")
        return
    found = layers().get(given.layer)
    if found is None:
        yield _unknown("layer", "图层", given.layer)
        return
    if given.kind is None:
        return
    if given.kind in found.sheet.inspection.exempt_kinds:
        zh = "这一类型不按规则巡查（户厕随摸排核查）。"
        yield Problem("not_allowed", zh, "No rule applies to this kind.", "kind")
    elif given.kind not in {choice.value for choice in found.sheet.kinds}:
        yield _unknown("kind", "类型", given.kind)


def _unknown(field: str, label: str, value: str) -> Problem:
    zh = f"没有“{value}”这一{label}，请从列表中选择。"
    return Problem("unknown_choice", zh, f"'{value}' is not a known {field}.", field)

"""Reading rules with their history, exceptions, and which rule counts for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import Json
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.duties.generation_sql import kind_columns
from fuliang_gis.inspections.duties.records import load_rules
from fuliang_gis.inspections.duties.rules import Rule, strongest
from fuliang_gis.inspections.models import (
    InspectionException,
    InspectionRule,
    InspectionRuleChange,
)
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layers

#: The most exceptions that are listed.
_MOST = 1000


@dataclass(frozen=True)
class RuleRow:
    """One rule, who changed it last, and how many changes it has had."""

    rule: InspectionRule
    changed_by: str | None
    changes: int


@dataclass(frozen=True)
class RuleChange:
    """One change of a rule."""

    version: int
    action: str
    actor_name: str | None
    at: datetime
    before: Json
    after: Json


@dataclass(frozen=True)
class ExceptionRow:
    """One exception with its location and who granted it."""

    exception: InspectionException
    layer: str
    code: str
    name: str
    division_name: str
    granted_by: str | None


@dataclass(frozen=True)
class Coverage:
    """How often locations of one layer, kind and class are inspected, purpose by purpose."""

    layer: str
    kind: str | None
    asset_class: str
    locations: int
    exempt: bool
    rules: dict[str, Rule]


def list_rules(session: Session) -> Sequence[RuleRow]:
    """Return every rule, those in use first."""
    statement = (
        select(
            InspectionRule,
            Account.display_name,
            select(func.count())
            .where(InspectionRuleChange.rule_id == InspectionRule.id)
            .scalar_subquery(),
        )
        .outerjoin(Account, Account.id == InspectionRule.updated_by)
        .order_by(
            InspectionRule.withdrawn_at.is_not(None), InspectionRule.purpose, InspectionRule.id
        )
    )
    return [RuleRow(*row) for row in session.execute(statement)]


def get_rule(session: Session, rule_id: int) -> InspectionRule:
    """Return one rule.

    Raises:
        NotFound: There is no such rule.
    """
    row = session.get(InspectionRule, rule_id)
    if row is None:
        raise NotFound(what="巡查规则", key=rule_id)
    return row


def rule_history(session: Session, rule_id: int) -> Sequence[RuleChange]:
    """Return every change of a rule, the newest first."""
    change = InspectionRuleChange
    statement = (
        select(
            change.version,
            change.action,
            Account.display_name,
            change.at,
            change.before,
            change.after,
        )
        .outerjoin(Account, Account.id == change.actor_id)
        .where(change.rule_id == rule_id)
        .order_by(change.version.desc(), change.id.desc())
    )
    return [RuleChange(*row) for row in session.execute(statement)]


def list_exceptions(
    session: Session,
    actor: Actor,
    today: date,
    *,
    location_id: int | None = None,
    current: bool = False,
) -> Sequence[ExceptionRow]:
    """Return exceptions that the actor may see, the newest first; only those in force if asked."""
    found = InspectionException
    wanted = [within(actor, found.division_code)]
    if location_id is not None:
        wanted.append(found.location_id == location_id)
    if current:
        wanted += [found.revoked_at.is_(None), found.valid_to >= today]
    statement = _exceptions().where(*wanted).order_by(found.id.desc()).limit(_MOST)
    return [ExceptionRow(*row) for row in session.execute(statement)]


def get_exception(session: Session, actor: Actor, exception_id: int) -> ExceptionRow:
    """Return one exception.

    Raises:
        NotFound: There is none that the actor may see.
    """
    seen = within(actor, InspectionException.division_code)
    one = _exceptions().where(InspectionException.id == exception_id, seen)
    row = session.execute(one).one_or_none()
    if row is None:
        raise NotFound(what="免检或调整", key=exception_id)
    return ExceptionRow(*row)


def _exceptions() -> Select[InspectionException, str, str, str, str, str]:
    found = InspectionException
    return (
        select(
            found,
            Location.layer,
            Location.code,
            Location.name,
            Division.name,
            Account.display_name,
        )
        .join(Location, Location.id == found.location_id)
        .join(Division, Division.code == found.division_code)
        .outerjoin(Account, Account.id == found.created_by)
    )


def coverage(session: Session, today: date) -> Sequence[Coverage]:
    """Return which rule counts today for every layer, kind and class that locations have."""
    kind, joins = kind_columns()
    counted = text(f"""
select l.layer, {kind} as kind, l.asset_class, count(*) from location l
{joins}
where l.deleted_at is null and l.use_status <> 'disposed'
group by 1, 2, 3
""")  # noqa: S608  # Names come from the sheets.
    rules = load_rules(session)
    purposes = sorted({rule.purpose for rule in rules})
    found = []
    for layer_name, kind_name, asset_class, number in session.execute(counted):
        exempt = kind_name in layers()[layer_name].sheet.inspection.exempt_kinds
        winning = {
            purpose: rule
            for purpose in purposes
            if not exempt
            and (rule := strongest(rules, layer_name, kind_name, asset_class, purpose, today))
        }
        found.append(Coverage(layer_name, kind_name, asset_class, number, exempt, winning))
    order = {name: number for number, name in enumerate(layers())}
    return sorted(found, key=lambda row: (order[row.layer], row.kind or "", row.asset_class))

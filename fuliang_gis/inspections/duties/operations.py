"""Everything that is written about duties."""

from __future__ import annotations

from typing import TypeAlias

from sqlalchemy.orm import Session

from fuliang_gis.inspections.duties.excepting import ExceptionGiven, grant, revoke
from fuliang_gis.inspections.duties.fulfilment import fulfil, unfulfil
from fuliang_gis.inspections.duties.generation import Generated, follow, generate, horizon
from fuliang_gis.inspections.duties.norm_rules import synchronise_norms
from fuliang_gis.inspections.duties.planning import KEEP, excuse, plan, reinstate
from fuliang_gis.inspections.duties.ruling import (
    RuleGiven,
    create_rule,
    restore_rule,
    update_rule,
    withdraw_rule,
)

#: What every act is given; callers that know no database name it by this.
Transaction: TypeAlias = Session

__all__ = [
    "KEEP",
    "ExceptionGiven",
    "Generated",
    "RuleGiven",
    "Transaction",
    "create_rule",
    "excuse",
    "follow",
    "fulfil",
    "generate",
    "grant",
    "horizon",
    "plan",
    "reinstate",
    "restore_rule",
    "revoke",
    "synchronise_norms",
    "unfulfil",
    "update_rule",
    "withdraw_rule",
]

"""The one policy in its two forms: predicate for one division, filter for a query.

An act is allowed when the role has the permission and the division lies inside the actor's own.
Acts on the county as a whole (``COUNTY_PERMISSIONS``) are kept to accounts of the county itself.
The database enforces the same again for writes, from the same tables of ``roles``; see
``db.guard``.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false
from sqlalchemy.orm import InstrumentedAttribute

from fuliang_gis.accounts.roles import (
    COUNTY_PERMISSIONS,
    PERMISSION_NAMES,
    ROLE_PERMISSIONS,
    Actor,
    Permission,
)
from fuliang_gis.errors import Forbidden, OutsideDivision

#: A column of division codes, of a table or of a mapped class.
CodeColumn = ColumnElement[str] | InstrumentedAttribute[str] | InstrumentedAttribute[str | None]

#: Digits of a county's division code.
COUNTY_DIGITS = 6


def has(actor: Actor, permission: Permission) -> bool:
    """Tell whether the actor holds the permission anywhere at all."""
    if permission in COUNTY_PERMISSIONS and len(actor.scope) != COUNTY_DIGITS:
        return False
    return permission in ROLE_PERMISSIONS[actor.role]


def may(actor: Actor, permission: Permission, division_code: str) -> bool:
    """Tell whether the actor may do this in the division."""
    return has(actor, permission) and division_code.startswith(actor.scope)


def require(
    actor: Actor, permission: Permission, division_code: str, division_name: str | None = None
) -> None:
    """Refuse unless the actor may do this in the division.

    Raises:
        Forbidden: The role does not allow the act.
        OutsideDivision: The division lies outside the actor's own.
    """
    require_role(actor, permission)
    if not may(actor, permission, division_code):
        raise OutsideDivision(division=division_name or division_code, scope=actor.scope_name)


def require_role(actor: Actor, permission: Permission) -> None:
    """Refuse unless the actor holds the permission somewhere.

    Raises:
        Forbidden: The role does not allow the act.
    """
    if not has(actor, permission):
        raise Forbidden(role=actor.role_name, act=PERMISSION_NAMES[permission][0])


def within(
    actor: Actor,
    column: CodeColumn,
    permission: Permission = Permission.READ,
) -> ColumnElement[bool]:
    """Return the filter that keeps the rows of divisions in which the actor may do this."""
    return inside(actor.scope, column) if has(actor, permission) else false()


def inside(scope: str, column: CodeColumn) -> ColumnElement[bool]:
    """Return the filter that keeps the rows whose division code starts with the scope."""
    # These two operators are those of the text_pattern_ops indexes; unlike LIKE with a parameter,
    # they reach the index under a cached generic plan too.
    beyond = scope[:-1] + chr(ord(scope[-1]) + 1)
    return and_(column.bool_op("~>=~")(scope), column.bool_op("~<~")(beyond))

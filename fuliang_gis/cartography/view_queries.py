"""Reading saved map views: one's own, and those that others share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, any_, false, literal, or_, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import inside, may
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.cartography.models import MapView
from fuliang_gis.errors import NotFound


@dataclass(frozen=True)
class ListedView:
    """A saved view with its owner's name, and whether the reader may change it."""

    view: MapView
    owner: str
    may_change: bool


def may_change(actor: Actor, view: MapView) -> bool:
    """Tell whether the actor owns the view, or administers the division where it was saved."""
    return view.owner_id == actor.account_id or may(actor, Permission.MANAGE_ACCOUNTS, view.scope)


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the filter that keeps the views which the actor may see; ``may_change`` implies it."""
    shared = and_(
        # The reader's own division lies inside the view's.
        literal(actor.scope).startswith(MapView.scope),
        or_(
            MapView.shared_with == "everyone",
            and_(MapView.shared_with == "roles", literal(actor.role.value) == any_(MapView.roles)),
        ),
    )
    managed = may(actor, Permission.MANAGE_ACCOUNTS, actor.scope)
    own_division = inside(actor.scope, MapView.scope) if managed else false()
    return or_(MapView.owner_id == actor.account_id, shared, own_division)


def list_views(session: Session, actor: Actor) -> Sequence[ListedView]:
    """Return every view that the actor may see, the latest change first."""
    statement = (
        select(MapView, Account.display_name)
        .join(Account, Account.id == MapView.owner_id)
        .where(visible(actor))
        .order_by(MapView.updated_at.desc(), MapView.id.desc())
    )
    rows = session.execute(statement).all()
    return [ListedView(view, owner, may_change(actor, view)) for view, owner in rows]


def get_view(session: Session, actor: Actor, view_id: int) -> MapView:
    """Return one view.

    Raises:
        NotFound: There is none of that number that the actor may see.
    """
    found = session.scalar(select(MapView).where(MapView.id == view_id, visible(actor)))
    if found is None:
        raise NotFound(what="专题图", key=str(view_id))
    return found

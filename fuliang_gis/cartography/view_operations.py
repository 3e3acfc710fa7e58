"""Saving, renaming, sharing and deleting map views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.roles import ROLE_NAMES, Actor
from fuliang_gis.cartography.models import MapView
from fuliang_gis.cartography.thematic import read_page, write_page
from fuliang_gis.cartography.view_queries import get_view, may_change
from fuliang_gis.errors import Conflict, Forbidden, Invalid, Problem

LONGEST_TITLE = 80
SHARING = {"nobody": "仅自己", "roles": "指定角色", "everyone": "本辖区所有人"}


def save_view(
    session: Session,
    actor: Actor,
    title: str,
    given: Mapping[str, Sequence[str]],
    shared_with: str = "nobody",
    roles: Sequence[str] = (),
) -> MapView:
    """Save the map that the parameters of an address describe.

    Raises:
        BadParameter: The parameters describe no map.
        Invalid: The title or the sharing cannot be used.
    """
    view = MapView(
        owner_id=actor.account_id,
        scope=actor.scope,
        title=_checked_title(title),
        state={"parameters": write_page(read_page(given, actor))},
        shared_with=shared_with,
        roles=_checked_roles(shared_with, roles),
    )
    session.add(view)
    session.flush()
    _note(session, actor, "create_map_view", view)
    return view


def change_view(
    session: Session,
    actor: Actor,
    view_id: int,
    *,
    title: str,
    shared_with: str,
    roles: Sequence[str] = (),
    expected_version: int,
) -> MapView:
    """Rename a view and share it anew.

    Raises:
        NotFound: There is none that the actor may see.
        Forbidden: It is somebody else's.
        Invalid: The title or the sharing cannot be used.
        Conflict: Somebody changed it meanwhile.
    """
    view = _changeable(session, actor, view_id, expected_version)
    view.title = _checked_title(title)
    view.roles = _checked_roles(shared_with, roles)
    view.shared_with = shared_with
    view.version += 1
    view.updated_at = clock.now()
    session.flush()
    _note(session, actor, "change_map_view", view)
    return view


def delete_view(session: Session, actor: Actor, view_id: int, expected_version: int) -> None:
    """Delete a view.

    Raises:
        NotFound: There is none that the actor may see.
        Forbidden: It is somebody else's.
        Conflict: Somebody changed it meanwhile.
    """
    view = _changeable(session, actor, view_id, expected_version)
    session.delete(view)
    session.flush()
    _note(session, actor, "delete_map_view", view)


def parameters_of(view: MapView) -> list[tuple[str, str]]:
    """Return the parameters of the address that shows a saved map."""
    return [(str(name), str(value)) for name, value in view.state["parameters"]]


def _changeable(session: Session, actor: Actor, view_id: int, expected_version: int) -> MapView:
    view = get_view(session, actor, view_id)
    if not may_change(actor, view):
        raise Forbidden(role=actor.role_name, act=f"修改他人保存的专题图“{view.title}”")
    session.refresh(view, with_for_update=True)
    if view.version != expected_version:
        raise Conflict(name=view.title, current=view.version, expected=expected_version)
    return view


def _checked_title(title: str) -> str:
    kept = " ".join(title.replace("\0", "").split())
    if not 1 <= len(kept) <= LONGEST_TITLE:
        zh, en = f"请填写 1～{LONGEST_TITLE} 个字的名称。", f"Give a title of 1 to {LONGEST_TITLE}."
        raise Invalid([Problem("title_length", zh, en, "title")])
    return kept


def _checked_roles(shared_with: str, roles: Sequence[str]) -> list[str]:
    if shared_with not in SHARING:
        raise Invalid(
            [Problem("not_a_choice", "请选择共享范围。", "Choose who sees it.", "shared_with")]
        )
    known = [role for role in dict.fromkeys(roles) if role in set(ROLE_NAMES)]
    if len(known) != len(set(roles)) or (shared_with == "roles" and not known):
        raise Invalid(
            [Problem("roles", "请至少选择一个角色。", "Choose at least one role.", "roles")]
        )
    return known if shared_with == "roles" else []


def _note(session: Session, actor: Actor, action: str, view: MapView) -> None:
    audit.record(
        session,
        actor,
        action,
        f"map_view:{view.id}",
        division_code=view.scope,
        detail={"title": view.title, "shared_with": view.shared_with, "roles": list(view.roles)},
    )

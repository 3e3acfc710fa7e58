"""A saved map is its owner's: who sees and who may change it, in service and database alike."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.cartography.models import MapView
from fuliang_gis.cartography.view_operations import (
    change_view,
    delete_view,
    parameters_of,
    save_view,
)
from fuliang_gis.cartography.view_queries import get_view, list_views, may_change
from fuliang_gis.db.session import Database
from fuliang_gis.errors import BadParameter, Conflict, Forbidden, FuliangError, Invalid, NotFound
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_actor

STATE = {"layer": ["water_projects"], "measure": ["sum:served_population"], "method": ["jenks"]}


@pytest.fixture
def owner(session: Session) -> Actor:
    """Staff of one township."""
    return make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)


def titles(session: Session, actor: Actor) -> list[str]:
    """Return what the actor sees in the list."""
    return [each.view.title for each in list_views(session, actor)]


def test_a_saved_view_opens_as_it_was(session: Session, owner: Actor) -> None:
    """The saved parameters are those of the address, checked and in their usual form."""
    view = save_view(session, owner, "  供水　人口 ", STATE)
    assert view.title == "供水 人口"
    assert dict(parameters_of(view)) == {
        "level": "township",
        **{name: texts[0] for name, texts in STATE.items()},
    }
    assert (view.owner_id, view.scope, view.version) == (owner.account_id, FULIANG_TOWN, 1)


@pytest.mark.parametrize(
    ("shared_with", "roles", "role", "division", "sees"),
    [
        ("nobody", [], Role.TOWNSHIP_STAFF, FULIANG_TOWN, False),
        ("everyone", [], Role.VIEWER, FULIANG_TOWN, True),
        ("everyone", [], Role.VILLAGE_INFORMANT, "360222100201", True),
        ("everyone", [], Role.TOWNSHIP_STAFF, YAOLI_TOWN, False),
        ("everyone", [], Role.COUNTY_STAFF, COUNTY, False),
        ("roles", ["viewer"], Role.VIEWER, FULIANG_TOWN, True),
        ("roles", ["viewer"], Role.INSPECTOR, FULIANG_TOWN, False),
        ("roles", ["viewer"], Role.VIEWER, YAOLI_TOWN, False),
        ("nobody", [], Role.ADMINISTRATOR, COUNTY, True),
        ("nobody", [], Role.ADMINISTRATOR, YAOLI_TOWN, False),
    ],
)
def test_who_sees_a_view(
    session: Session,
    owner: Actor,
    shared_with: str,
    roles: list[str],
    role: Role,
    division: str,
    sees: bool,  # noqa: FBT001  # A column of the table above.
) -> None:
    """Sharing reaches inside the owner's division only; its administrators see everything in it."""
    view = save_view(session, owner, "专题", STATE, shared_with, roles)
    reader = make_actor(session, role, division)
    assert (titles(session, reader) == ["专题"]) is sees
    if sees:
        assert get_view(session, reader, view.id) is view
    else:
        with pytest.raises(NotFound):
            get_view(session, reader, view.id)


def test_only_owner_and_administrator_change(session: Session, owner: Actor) -> None:
    """Somebody who merely sees a view may neither rename nor delete it."""
    view = save_view(session, owner, "专题", STATE, "everyone")
    reader = make_actor(session, Role.VIEWER, FULIANG_TOWN)
    administrator = make_actor(session, Role.ADMINISTRATOR, COUNTY)
    assert [may_change(each, view) for each in (owner, reader, administrator)] == [
        True,
        False,
        True,
    ]
    with pytest.raises(Forbidden):
        delete_view(session, reader, view.id, 1)
    with pytest.raises(Forbidden):
        change_view(session, reader, view.id, title="x", shared_with="nobody", expected_version=1)
    changed = change_view(
        session, administrator, view.id, title="改名", shared_with="nobody", expected_version=1
    )
    assert (changed.title, changed.version, changed.owner_id) == ("改名", 2, owner.account_id)
    delete_view(session, owner, view.id, 2)
    assert titles(session, owner) == []


def test_a_stale_change_is_refused(session: Session, owner: Actor) -> None:
    """Two people who renamed at once do not overwrite each other unseen."""
    view = save_view(session, owner, "专题", STATE)
    change_view(session, owner, view.id, title="一", shared_with="nobody", expected_version=1)
    with pytest.raises(Conflict):
        change_view(session, owner, view.id, title="二", shared_with="nobody", expected_version=1)
    with pytest.raises(Conflict):
        delete_view(session, owner, view.id, 1)


@pytest.mark.parametrize(
    ("title", "state", "shared_with", "roles", "refusal"),
    [
        ("", STATE, "nobody", [], Invalid),
        ("长" * 81, STATE, "nobody", [], Invalid),
        ("专题", STATE, "world", [], Invalid),
        ("专题", STATE, "roles", [], Invalid),
        ("专题", STATE, "roles", ["emperor"], Invalid),
        ("专题", {"measure": ["sum:nothing"]}, "nobody", [], BadParameter),
        ("专题", {"layer": ["castles"]}, "nobody", [], NotFound),
    ],
)
def test_what_cannot_be_saved_is_refused(
    session: Session,
    owner: Actor,
    title: str,
    state: dict[str, list[str]],
    shared_with: str,
    roles: list[str],
    refusal: type[FuliangError],
) -> None:
    """Neither an empty title nor a map that does not exist is kept."""
    with pytest.raises(refusal):
        save_view(session, owner, title, state, shared_with, roles)


def test_every_write_is_audited(session: Session, owner: Actor) -> None:
    """Who saved, changed and deleted which view."""
    view = save_view(session, owner, "专题", STATE)
    change_view(session, owner, view.id, title="改名", shared_with="everyone", expected_version=1)
    delete_view(session, owner, view.id, 2)
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.actor_id == owner.account_id).order_by(AuditEvent.id)
    ).all()
    assert [event.action for event in events] == [
        "create_map_view",
        "change_map_view",
        "delete_map_view",
    ]
    assert {event.division_code for event in events} == {FULIANG_TOWN}


INSERT = text(
    "insert into map_view (owner_id, scope, title, state, shared_with, version)"
    " values (:owner, :scope, '专题', '{}', 'nobody', 1) returning id"
)


@pytest.mark.parametrize("scope", [COUNTY, YAOLI_TOWN])
def test_the_database_refuses_a_view_in_anothers_name_or_division(
    owner_session: Session, service_database: Database, scope: str
) -> None:
    """Raw SQL as the service's role: the acting account's own view in its own division, or none."""
    with owner_session.begin():
        own = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
        other = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    for account, wanted in ((other.account_id, FULIANG_TOWN), (own.account_id, scope)):
        with pytest.raises(Forbidden), service_database.session(own.account_id) as session:
            session.execute(INSERT, {"owner": account, "scope": wanted})
    with pytest.raises(Forbidden), service_database.session() as session:
        session.execute(INSERT, {"owner": own.account_id, "scope": FULIANG_TOWN})
    with service_database.session(own.account_id) as session:
        assert session.scalar(INSERT, {"owner": own.account_id, "scope": FULIANG_TOWN})


@pytest.mark.parametrize("statement", ["update map_view set title = 'x'", "delete from map_view"])
def test_the_database_keeps_a_view_to_owner_and_administrator(
    owner_session: Session, service_database: Database, statement: str
) -> None:
    """A colleague, another division's administrator and nobody are refused; the two are let."""
    with owner_session.begin():
        own = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
        colleague = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
        elsewhere = make_actor(owner_session, Role.ADMINISTRATOR, YAOLI_TOWN)
        administrator = make_actor(owner_session, Role.ADMINISTRATOR, COUNTY)
    for allowed in (own, administrator):
        with service_database.session(own.account_id) as session:
            save_view(session, own, "专题", STATE, "everyone")
        for refused in (colleague.account_id, elsewhere.account_id, None):
            with pytest.raises(Forbidden), service_database.session(refused) as session:
                session.execute(text(statement))
        with service_database.session(allowed.account_id) as session:
            assert session.execute(text(statement)).rowcount >= 1  # type: ignore[attr-defined]
    with owner_session.begin():
        owner_session.execute(text("delete from map_view"))


def test_a_view_never_changes_hands(owner_session: Session, service_database: Database) -> None:
    """Owner and division are fixed, for administrators too."""
    with owner_session.begin():
        own = make_actor(owner_session, Role.ADMINISTRATOR, COUNTY)
    with service_database.session(own.account_id) as session:
        view = save_view(session, own, "专题", STATE)
    for column, value in (("owner_id", own.account_id), ("scope", f"'{COUNTY}'")):
        statement = text(f"update map_view set {column} = {value}")  # noqa: S608  # Ours.
        with pytest.raises(Forbidden), service_database.session(own.account_id) as session:
            session.execute(statement)
    with service_database.session() as session:
        assert session.get_one(MapView, view.id).owner_id == own.account_id

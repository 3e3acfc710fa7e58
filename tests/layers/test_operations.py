"""Every layer's locations can be added, found, changed, deleted and set back, by those who may."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import (
    BadRequest,
    Conflict,
    Duplicate,
    Forbidden,
    Invalid,
    NotFound,
    OutsideDivision,
    VersionRequired,
)
from fuliang_gis.locations import operations, queries
from fuliang_gis.locations.queries import Filters
from fuliang_gis.locations.records import as_record
from fuliang_gis.locations.registry import Layer
from tests.factories import (
    FULIANG_TOWN,
    YAOLI_TOWN,
    make_actor,
    make_location,
    point,
    sample_values,
)


def test_every_change_is_recorded_and_audited(layer: Layer, clerk: Actor, session: Session) -> None:
    """Who, when, before and after: one history row and one audit row a change."""
    location = make_location(session, clerk, layer, name="旧名")
    operations.update(
        session, clerk, layer.name, location.code, {"name": "新名"}, expected_version=1
    )
    newest, first = queries.history(session, location)
    assert (newest.version, newest.action, newest.before, newest.after) == (
        2, "update", {"name": "旧名"}, {"name": "新名"},
    )  # fmt: skip
    assert (first.version, first.action, first.before) == (1, "create", {})
    subject = f"{layer.name}/{location.code}"
    audited = select(AuditEvent.action).where(AuditEvent.subject == subject).order_by(AuditEvent.id)
    assert list(session.scalars(audited)) == ["create_location", "update_location"]


def test_saving_nothing_new_changes_nothing(layer: Layer, clerk: Actor, session: Session) -> None:
    """The same values again are no change: no version, no history."""
    location = make_location(session, clerk, layer)
    same = {name: value for name, value in sample_values(layer).items() if name != "code"}
    operations.update(
        session, clerk, layer.name, location.code, same, geometry=point(), expected_version=1
    )
    assert location.version == 1
    assert len(queries.history(session, location)) == 1


def test_undo_brings_back_every_value(layer: Layer, clerk: Actor, session: Session) -> None:
    """Back to version 1 means: equal to version 1 but for the version itself."""
    location = make_location(session, clerk, layer)
    session.refresh(location)
    first = as_record(layer, location)
    code = location.code
    operations.update(session, clerk, layer.name, code, {"name": "二"}, expected_version=1)
    operations.move(session, clerk, layer.name, code, point(117.25, 29.38), expected_version=2)
    operations.undo(session, clerk, layer.name, code, 1, expected_version=3)
    now = as_record(layer, location)
    differing = {name for name in first if first[name] != now[name]}
    assert differing == {"version", "updated_at"}
    with pytest.raises(NotFound):
        operations.undo(session, clerk, layer.name, code, 9, expected_version=4)


def test_deleted_locations_leave_lists_and_come_back(
    layer: Layer, clerk: Actor, session: Session
) -> None:
    """Deleting needs a reason, hides the location, and can be taken back."""
    location = make_location(session, clerk, layer)
    code = location.code
    with pytest.raises(Invalid):
        operations.delete(session, clerk, layer.name, code, "  ", expected_version=1)
    operations.delete(session, clerk, layer.name, code, "重复录入", expected_version=1)
    assert queries.list_page(session, clerk, layer.name, Filters(text=code)).total == 0
    assert (
        queries.list_page(session, clerk, layer.name, Filters(text=code, deleted=True)).total == 1
    )
    with pytest.raises(BadRequest):
        operations.update(session, clerk, layer.name, code, {"name": "x"}, expected_version=2)
    operations.restore(session, clerk, layer.name, code, expected_version=2)
    assert queries.list_page(session, clerk, layer.name, Filters(text=code)).total == 1


def test_a_stale_version_is_refused(layer: Layer, clerk: Actor, session: Session) -> None:
    """Of two people saving, the second is told and loses nothing of the first's."""
    location = make_location(session, clerk, layer)
    operations.update(session, clerk, layer.name, location.code, {"name": "甲"}, expected_version=1)
    with pytest.raises(Conflict) as refused:
        operations.update(
            session, clerk, layer.name, location.code, {"name": "乙"}, expected_version=1
        )
    assert refused.value.facts["current"] == 2
    with pytest.raises(VersionRequired):
        operations.update(
            session, clerk, layer.name, location.code, {"name": "乙"}, expected_version=None
        )
    assert location.name == "甲"


def test_a_code_is_taken_once(layer: Layer, clerk: Actor, session: Session) -> None:
    """Codes are unique in their layer."""
    location = make_location(session, clerk, layer)
    with pytest.raises(Duplicate):
        make_location(session, clerk, layer, code=location.code)
    other = make_location(session, clerk, layer)
    with pytest.raises(Duplicate):
        operations.update(
            session, clerk, layer.name, other.code, {"code": location.code}, expected_version=1
        )


@pytest.mark.parametrize("role", [Role.VIEWER, Role.INSPECTOR, Role.PLANNER, Role.REVIEWER])
def test_roles_without_the_permission_are_refused(
    layer: Layer, session: Session, role: Role
) -> None:
    """Looking is not editing."""
    with pytest.raises(Forbidden):
        make_location(session, make_actor(session, role), layer)


def test_another_township_is_out_of_reach(layer: Layer, clerk: Actor, session: Session) -> None:
    """A township neither sees nor changes another's locations, nor takes or gives any away."""
    location = make_location(session, clerk, layer)
    own = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    other = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    with pytest.raises(NotFound):
        queries.get(session, other, layer.name, location.code)
    assert queries.list_page(session, other, layer.name, Filters()).total == 0
    for values in ({"name": "改"}, {"division_code": YAOLI_TOWN}):
        with pytest.raises(OutsideDivision):
            operations.update(session, other, layer.name, location.code, values, expected_version=1)
    with pytest.raises(OutsideDivision):
        operations.update(
            session,
            own,
            layer.name,
            location.code,
            {"division_code": YAOLI_TOWN},
            expected_version=1,
        )
    with pytest.raises(OutsideDivision):
        operations.delete(session, other, layer.name, location.code, "无", expected_version=1)


def test_unknown_divisions_are_refused(layer: Layer, clerk: Actor, session: Session) -> None:
    """A code that is no division is named."""
    with pytest.raises(Invalid) as refused:
        make_location(session, clerk, layer, division_code="360222999")
    assert [p.code for p in refused.value.problems] == ["unknown_division"]


def test_lists_sort_search_and_filter(layer: Layer, clerk: Actor, session: Session) -> None:
    """Every listed column sorts both ways; text finds name, code and pinyin initials."""
    made = [make_location(session, clerk, layer, name=name) for name in ("瑶里甲", "勒功乙")]
    sortable = ["code", "name", *(field.name for field in layer.sheet.fields if field.list)]
    for column in sortable:
        up = queries.list_page(session, clerk, layer.name, Filters(), sort=column)
        down = queries.list_page(
            session, clerk, layer.name, Filters(), sort=column, descending=True
        )
        assert up.total == down.total == len(made)
    for words in ("瑶里", "ylj", made[0].code.lower()):
        found = queries.list_page(session, clerk, layer.name, Filters(text=words)).rows
        assert [row.location.code for row in found] == [made[0].code]
    assert queries.list_page(session, clerk, layer.name, Filters(text="%")).total == 0
    for kind in layer.sheet.kinds:
        number = queries.list_page(session, clerk, layer.name, Filters(kind=kind.value)).total
        assert number == (len(made) if kind == layer.sheet.kinds[0] else 0)
    with pytest.raises(BadRequest):
        queries.list_page(session, clerk, layer.name, Filters(), sort="geom")


def test_counts_agree_with_lists(layer: Layer, clerk: Actor, session: Session) -> None:
    """A number beside a layer is the number of rows behind it."""
    for _ in range(3):
        make_location(session, clerk, layer)
    counted = queries.counts(session, clerk)
    listed = queries.list_page(session, clerk, layer.name, Filters())
    assert counted.by_layer[layer.name] == listed.total == 3
    assert counted.by_township[FULIANG_TOWN][layer.name] == 3
    assert listed.rows[0].township_name == "浮梁镇"


@pytest.mark.parametrize("place", ["POINT(29.376 117.247)", "POINT(116.4 39.9)", "POINT EMPTY"])
def test_the_database_itself_refuses_places(
    layer: Layer, clerk: Actor, session: Session, place: str
) -> None:
    """Whatever writes, the place is inside the county and valid."""
    location = make_location(session, clerk, layer)
    statement = text("update location set geom = ST_GeomFromText(:place, 4490) where id = :id")
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(statement, {"place": place, "id": location.id})


def test_hostile_texts_are_kept_as_texts(layer: Layer, clerk: Actor, session: Session) -> None:
    """Text is data: it is stored as given and hurts nothing."""
    name = "<img src=x onerror=alert(1)>' OR 1=1;--=cmd|' /C calc'!A0"
    location = make_location(session, clerk, layer, name=name)
    session.expire_all()
    found = queries.list_page(session, clerk, layer.name, Filters(text="' OR 1=1"))
    assert [row.location.name for row in found.rows] == [name]
    assert session.scalar(select(func.count()).select_from(type(location))) == 1


def test_names_sort_as_a_dictionary_does(layer: Layer, clerk: Actor, session: Session) -> None:
    """Chinese names come in the order of their pinyin, not of their code points."""
    for name in ("瑶里", "三龙", "鹅湖", "勒功"):
        make_location(session, clerk, layer, name=name)
    up = queries.list_page(session, clerk, layer.name, Filters(), sort="name").rows
    assert [row.location.name for row in up] == ["鹅湖", "勒功", "三龙", "瑶里"]
    down = queries.list_page(session, clerk, layer.name, Filters(), sort="name", descending=True)
    assert [row.location.name for row in down.rows] == ["瑶里", "三龙", "勒功", "鹅湖"]

"""The predicate and the filter are one policy: what one allows, the other keeps, nothing else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, column, select, text, values
from sqlalchemy.types import Text

from fuliang_gis.accounts.policies import has, may, require, within
from fuliang_gis.accounts.roles import Actor, Permission, Role
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import Forbidden, OutsideDivision
from tests.factories import COUNTY, FULIANG_TOWN, FULIANG_VILLAGE, YAOLI_TOWN


def actor(role: Role = Role.TOWNSHIP_STAFF, scope: str = FULIANG_TOWN) -> Actor:
    """Return a person who needs no row."""
    return Actor(1, "someone", "测试岗位", role, scope, "浮梁镇")


DIGITS = st.text("0123456789", min_size=3, max_size=3)
CODES = st.builds(
    lambda parts, level: "".join(parts)[: (6, 9, 12)[level]],
    st.tuples(st.sampled_from(["360222", "360229", "999999"]), DIGITS, DIGITS),
    st.integers(0, 2),
)
ACTORS = st.builds(actor, st.sampled_from(Role), CODES)


@given(actor=ACTORS, permission=st.sampled_from(Permission), codes=st.lists(CODES, max_size=8))
@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_predicate_and_filter_agree(
    connection: Connection, actor: Actor, permission: Permission, codes: list[str]
) -> None:
    """Over random people and divisions, the filter keeps exactly what the predicate allows."""
    codes = [*codes, actor.scope, actor.scope + "001", actor.scope[:-1], actor.scope[:-1] + "9"]
    given_codes = values(column("code", Text), name="given").data([(code,) for code in codes])
    wanted = select(given_codes.c.code).where(within(actor, given_codes.c.code, permission))
    kept = sorted(connection.scalars(wanted))
    assert kept == sorted(code for code in codes if may(actor, permission, code))


def test_the_filter_reaches_the_prefix_index(connection: Connection) -> None:
    """The literal is transformed, not the column, so that a generic plan too uses the index."""
    connection.execute(text("set local enable_seqscan = off"))
    connection.execute(text("set local plan_cache_mode = force_generic_plan"))
    connection.execute(
        text(
            "prepare kept (text, text) as"
            " select code from division where code ~>=~ $1 and code ~<~ $2"
        )
    )
    compiled = str(select(Division.code).where(within(actor(), Division.code)))
    assert "~>=~" in compiled
    assert "~<~" in compiled
    plan = "\n".join(connection.scalars(text("explain execute kept ('360222100', '360222101')")))
    assert "ix_division_code_prefix" in plan
    assert "Index Cond" in plan


@pytest.mark.parametrize(
    ("role", "permission", "code", "refusal"),
    [
        (Role.TOWNSHIP_STAFF, Permission.EDIT_LOCATIONS, FULIANG_VILLAGE, None),
        (Role.TOWNSHIP_STAFF, Permission.EDIT_LOCATIONS, FULIANG_TOWN, None),
        (Role.TOWNSHIP_STAFF, Permission.EDIT_LOCATIONS, COUNTY, OutsideDivision),
        (Role.TOWNSHIP_STAFF, Permission.EDIT_LOCATIONS, YAOLI_TOWN, OutsideDivision),
        (Role.TOWNSHIP_STAFF, Permission.EDIT_LOCATIONS, "3602221", OutsideDivision),
        (Role.VIEWER, Permission.EDIT_LOCATIONS, FULIANG_TOWN, Forbidden),
        (Role.ADMINISTRATOR, Permission.IMPORT_DIVISIONS, FULIANG_TOWN, Forbidden),
    ],
)
def test_refusals_name_their_reason(
    role: Role, permission: Permission, code: str, refusal: type[Exception] | None
) -> None:
    """A lacking role is Forbidden, a foreign place OutsideDivision; who may, passes in silence."""
    if refusal is None:
        require(actor(role), permission, code)
        return
    with pytest.raises(refusal):
        require(actor(role), permission, code)


def test_county_acts_need_an_account_of_the_county() -> None:
    """A township's administrator does not replace the county's boundaries."""
    assert has(actor(Role.ADMINISTRATOR, COUNTY), Permission.IMPORT_DIVISIONS)
    assert not has(actor(Role.ADMINISTRATOR, FULIANG_TOWN), Permission.IMPORT_DIVISIONS)

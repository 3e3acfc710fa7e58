"""Short looks into the database read what is committed, and outlive a restart of the server."""

from __future__ import annotations

import psycopg
import pytest

from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.fragments import Fragment
from fuliang_gis.db.glances import Glances
from fuliang_gis.db.session import Database
from fuliang_gis.errors import Unavailable

PID = Fragment("select pg_backend_pid()")


def test_connection_is_kept(service_database: Database) -> None:
    """A second look must not open a second connection."""
    assert service_database.glances.row(PID) == service_database.glances.row(PID)


def test_values_are_bound(service_database: Database) -> None:
    """A value must arrive as it is, whether or not the statement is prepared."""
    asked = Fragment("select %(given)s::text", {"given": "'; --"})
    for prepared in (True, False):
        assert service_database.glances.row(asked, prepared=prepared) == ("'; --",)
    assert service_database.glances.rows(asked) == [("'; --",)]


def test_nothing_and_many_are_bound(service_database: Database) -> None:
    """A missing value, a list, a percent sign and one value used twice must arrive as they are."""
    asked = Fragment(
        "select %(none)s::text, %(many)s::text[], '100 %%', %(twice)s::int + %(twice)s::int",
        {"none": None, "many": ["a", "b"], "twice": 2, "unused": 1},
    )
    for prepared in (True, False):
        found = service_database.glances.row(asked, prepared=prepared)
        assert found == (None, ["a", "b"], "100 %", 4)


def test_types_may_change(service_database: Database) -> None:
    """A prepared statement must take a larger number, or none, after a small one."""
    asked = "select %(given)s::bigint"
    for given in (1, 2**40, None, 3):
        assert service_database.glances.row(Fragment(asked, {"given": given})) == (given,)


def test_texts_come_undecoded(service_database: Database) -> None:
    """Columns of texts must come in UTF-8, also where nothing is found, prepared or not."""
    asked = "select 'n' || n, '浮梁', null::text from generate_series(1, %(to)s) as n"
    for prepared in (True, False):
        for rows in (2, 0):
            given = Fragment(asked, {"to": rows})
            found = service_database.glances.undecoded(given, prepared=prepared)
            assert len(found) == rows
            assert found.column(0) == [b"n1", b"n2"][:rows]
            assert found.column(1) == ["浮梁".encode()] * rows
            assert found.column(2) == [b""] * rows
        assert (
            service_database.glances.undecoded(Fragment(asked, {"to": 2}), prepared=prepared).value(
                1, 0
            )
            == b"n2"
        )


def test_connection_full_of_statements_is_replaced(
    service_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statements without end must not fill a connection's memory."""
    monkeypatch.setattr("fuliang_gis.db.glances.MOST_PREPARED", 3)
    found = [service_database.glances.row(Fragment(f"{PID.sql}, {n}")) for n in range(9)]
    assert len({each[0] for each in found if each}) > 1


def test_no_row_is_none(service_database: Database) -> None:
    """A statement that finds nothing must say so."""
    assert service_database.glances.row(Fragment("select 1 where false")) is None


def test_closed_connection_is_replaced(service_database: Database, cluster: Cluster) -> None:
    """A connection that the server has ended must not reach the person who asks next."""
    found = service_database.glances.row(PID)
    assert found is not None
    with cluster.superuser() as connection:
        connection.execute("select pg_terminate_backend(%s)", found)
    again = service_database.glances.row(PID)
    assert again is not None
    assert again != found


def test_database_out_of_reach_is_told() -> None:
    """A database that does not answer must be told as such."""
    with pytest.raises(Unavailable):
        Glances("postgresql://nobody@127.0.0.1:1/none", "").row(PID)


def test_wrong_statement_ends_its_connection(service_database: Database) -> None:
    """What a failed statement was run on must not be lent to anybody again."""
    before = service_database.glances.row(PID)
    with pytest.raises(psycopg.DataError):
        service_database.glances.row(Fragment("select 1 / 0"))
    assert service_database.glances.row(PID) != before

"""The demo county's own rows give the county's published figures, to the unit."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.demo.figures import QUERIES, figures, published
from fuliang_gis.demo.layers.assets import funds


@pytest.mark.parametrize("row", published(), ids=lambda row: row["figure_id"])
def test_published_figure(demo: Session, row: dict[str, str]) -> None:
    """A figure computed by SQL must equal the published one."""
    found = next(figure for figure in figures(demo) if figure.figure_id == row["figure_id"])
    assert found.holds, f"{found.phrase}: {found.actual} instead of {found.expected} {found.unit}"


def test_every_figure_has_its_query() -> None:
    """The published list and the queries must name the same figures."""
    assert {row["figure_id"] for row in published()} == QUERIES.keys()


def test_an_empty_county_holds_nothing(session: Session) -> None:
    """Without rows no figure may hold, and ratios over nothing must not stop the table."""
    assert session.scalar(text("select count(*) from location")) == 0
    assert [figure.figure_id for figure in figures(session) if figure.holds] == []


def test_some_assets_count(demo: Session) -> None:
    """About 1,800 assets must be there, of all three classes."""
    counts = demo.execute(
        text(
            "select asset_class, count(*) as n from location"
            " where layer = 'assistance_assets' group by 1"
        )
    )
    found: dict[str, int] = {row.asset_class: row.n for row in counts}
    assert 1700 <= sum(found.values()) <= 1900
    assert set(found) == {"public_welfare", "operating", "household"}


def test_each_years_funds_are_in_assets(demo: Session) -> None:
    """Assets of each year and source must be worth exactly that year's funds."""
    rows = demo.execute(
        text(
            "select formed_year, fund_source, sum(original_value_yuan)"
            " from assistance_asset group by 1, 2"
        )
    )
    found = {(year, source): int(yuan) for year, source, yuan in rows}
    assert found == {(fund.year, fund.source): fund.yuan for fund in funds()}

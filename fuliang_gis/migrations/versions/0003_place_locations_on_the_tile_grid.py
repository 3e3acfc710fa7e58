"""place locations on the tile grid."""

# Alembic's operations and GeoAlchemy2's are added at run time, out of the type checkers' sight.
# mypy: disable-error-code="attr-defined"
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Bodies are bound when they are made, so that neither a search path nor a restore changes them.
_FUNCTIONS = (
    """
create function tile_place(shape geometry) returns geometry
language sql immutable strict parallel safe
begin atomic
    select case when ST_Dimension(shape) = 0 then shape else ST_PointOnSurface(shape) end;
end;
""",
    """
create function tile_across(shape geometry) returns double precision
language sql immutable strict parallel safe
begin atomic
    select (ST_X(tile_place(shape)) + 180) / 360;
end;
""",
    """
create function tile_down(shape geometry) returns double precision
language sql immutable strict parallel safe
begin atomic
    select (1 - asinh(tan(radians(ST_Y(tile_place(shape))))) / pi()) / 2;
end;

-- Puts a zero bit before each of the 30 lowest bits.
create function tile_spread(number bigint) returns bigint
language plpgsql immutable strict parallel safe
as $$
begin
    number := (number | (number << 16)) & x'0000ffff0000ffff'::bigint;
    number := (number | (number << 8)) & x'00ff00ff00ff00ff'::bigint;
    number := (number | (number << 4)) & x'0f0f0f0f0f0f0f0f'::bigint;
    number := (number | (number << 2)) & x'3333333333333333'::bigint;
    return (number | (number << 1)) & x'5555555555555555'::bigint;
end
$$;
""",
    """
create function tile_cell(shape geometry) returns bigint
language sql immutable strict parallel safe
begin atomic
    select tile_spread(floor(tile_across(shape) * 1073741824)::bigint)
         | (tile_spread(floor(tile_down(shape) * 1073741824)::bigint) << 1);
end;
""",
)


def upgrade() -> None:
    """Apply the change."""
    for function in _FUNCTIONS:
        op.execute(function)
    # One statement, so that the table is written anew once.
    op.execute("""
alter table location
    add column tile_across double precision not null
        generated always as (tile_across(geom)) stored,
    add column tile_down double precision not null
        generated always as (tile_down(geom)) stored,
    add column tile_cell bigint not null
        generated always as (tile_cell(geom)) stored
""")
    op.create_index(
        "ix_location_tile",
        "location",
        ["layer", "tile_cell"],
        postgresql_include=["tile_across", "tile_down", "id", "division_code"],
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_index(
        "ix_location_shape",
        "location",
        ["geom"],
        postgresql_using="gist",
        postgresql_where=sa.text("ST_Dimension(geom) > 0"),
    )

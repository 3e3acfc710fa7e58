"""Say what a waiver is for: the scheme and the land that it was granted for."""

# Alembic's operations and GeoAlchemy2's are added at run time, out of the type checkers' sight.
# mypy: disable-error-code="attr-defined"
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# The scheme that had the parcel when it was granted, rather the one that the plan stands for.
_SCHEME = """
update plan_waiver w set scheme_id = (
    select s.id from plan_scheme s join village_plan p on p.id = s.plan_id
    where s.plan_id = w.plan_id
    order by not exists (
        select from plan_parcel e
        join plan_version since on since.scheme_id = e.scheme_id and since.ordinal = e.since
        left join plan_version until on until.scheme_id = e.scheme_id and until.ordinal = e.until
        where e.scheme_id = s.id and e.name = w.parcel and since.created_at <= w.granted_at
        and (until.created_at is null or until.created_at > w.granted_at)
    ), s.id is distinct from p.frozen_scheme, not s.chosen, s.id
    limit 1
)
"""

# The rules that ask for a permit as they are shipped with this version: the uses, as they begin,
# are also those that the base year may have had there. A county's own rules leave the land empty.
_LAND = """
with rule (article, inside, lines, uses, spared) as (values
    ('自然资发〔2022〕142号（生态保护红线内仅允许有限人为活动）', true, '{0102}'::text[],
        '^(0[6-9]|1[0-6])', null),
    ('村庄规划管控规则（设置值）', true, '{0101}', '^1[01]', null),
    ('文物保护法（2017年修正）第十七条', true, '{H01}', '^(0[7-9]|1[0-6])', '^1504'),
    ('文物保护法（2017年修正）第十八条', true, '{H02}', '^(0[7-9]|1[0-6])', '^1504'),
    ('自然资办发〔2019〕35号（村庄建设边界）', false, '{0301,0302,0400}',
        '^(070[34]|08|09|10|11)', null)
), granted as (
    select w.id, w.plan_id, e.geom, r.*
    from plan_waiver w
    join rule r on r.article = w.article
    join plan_parcel e on e.scheme_id = w.scheme_id and e.name = w.parcel
    join plan_version since on since.scheme_id = e.scheme_id and since.ordinal = e.since
    left join plan_version until on until.scheme_id = e.scheme_id and until.ordinal = e.until
    where since.created_at <= w.granted_at
    and (until.created_at is null or until.created_at > w.granted_at)
), met as (
    select g.*, l.geom as lines_geom, b.geom as base_geom
    from granted g
    cross join lateral (
        select coalesce(ST_Union(l.geom), ST_SetSRID('MULTIPOLYGON EMPTY'::geometry, 4548)) as geom
        from plan_control_line l
        where l.plan_id = g.plan_id and l.line_code = any(g.lines)
        and ST_Intersects(l.geom, g.geom)
    ) l
    cross join lateral (
        select coalesce(ST_Union(b.geom), ST_SetSRID('MULTIPOLYGON EMPTY'::geometry, 4548)) as geom
        from plan_base_parcel b
        where b.plan_id = g.plan_id and b.use_code ~ g.uses
        and (g.spared is null or b.use_code !~ g.spared) and ST_Intersects(b.geom, g.geom)
    ) b
)
update plan_waiver w set land = ST_Multi(ST_CollectionExtract(ST_Difference(
    case when m.inside then ST_Intersection(m.geom, m.lines_geom)
    else ST_Difference(m.geom, m.lines_geom) end, m.base_geom), 3))
from met m where m.id = w.id
"""


def upgrade() -> None:
    """Apply the change."""
    op.add_column("plan_waiver", sa.Column("scheme_id", sa.Integer(), nullable=True))
    op.add_geospatial_column(
        "plan_waiver",
        sa.Column(
            "land",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4548,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
    )
    op.execute(_SCHEME)
    op.execute(_LAND)
    op.alter_column("plan_waiver", "scheme_id", nullable=False)
    op.create_check_constraint("land_valid", "plan_waiver", "ST_IsValid(land)")
    op.create_foreign_key(
        op.f("fk_plan_waiver_scheme_id_plan_scheme"),
        "plan_waiver",
        "plan_scheme",
        ["scheme_id"],
        ["id"],
        ondelete="CASCADE",
    )

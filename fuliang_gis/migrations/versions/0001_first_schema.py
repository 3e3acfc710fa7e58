"""First schema."""

# Alembic's operations and GeoAlchemy2's are added at run time, out of the type checkers' sight.
# mypy: disable-error-code="attr-defined"
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import geoalchemy2  # noqa: F401
import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "data_version",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "slot", name=op.f("pk_data_version")),
    )
    op.create_geospatial_table(
        "division",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("initials", sa.Text(), nullable=False, comment="Pinyin initials, for search."),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column(
            "seat",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "boundary",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("boundary_source", sa.Text(), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "level in ('county', 'township', 'village')", name=op.f("ck_division_level")
        ),
        sa.CheckConstraint(
            "boundary is null or ST_IsValid(boundary)", name=op.f("ck_division_boundary_valid")
        ),
        sa.CheckConstraint("length(code) in (6, 9, 12)", name=op.f("ck_division_code")),
        sa.CheckConstraint(
            "parent_code is null or starts_with(code, parent_code)", name=op.f("ck_division_nested")
        ),
        sa.ForeignKeyConstraint(
            ["parent_code"], ["division.code"], name=op.f("fk_division_parent_code_division")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_division")),
    )
    op.create_geospatial_index(
        "idx_division_boundary",
        "division",
        ["boundary"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "ix_division_code_prefix",
        "division",
        ["code"],
        unique=False,
        postgresql_ops={"code": "text_pattern_ops"},
    )
    op.create_index(op.f("ix_division_parent_code"), "division", ["parent_code"], unique=False)
    op.create_geospatial_table(
        "road",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("road_class", sa.Text(), nullable=False),
        sa.Column("speed_kmh", sa.Double(), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("oneway", sa.Boolean(), nullable=False),
        sa.Column("from_node", sa.BigInteger(), nullable=False),
        sa.Column("to_node", sa.BigInteger(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "road_class in ('trunk', 'primary', 'secondary', 'tertiary', 'unclassified', 'track')",
            name=op.f("ck_road_road_class"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_road_geom_valid")),
        sa.CheckConstraint("speed_kmh > 0 and length_m > 0", name=op.f("ck_road_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road")),
    )
    op.create_index(op.f("ix_road_from_node"), "road", ["from_node"], unique=False)
    op.create_geospatial_index(
        "ix_road_geom", "road", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_road_to_node"), "road", ["to_node"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_confirmed", sa.Boolean(), nullable=False),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role in ('viewer', 'village_informant', 'township_staff', 'county_staff', 'reviewer', 'planner', 'inspector', 'administrator')",
            name=op.f("ck_account_role"),
        ),
        sa.CheckConstraint(
            "username ~ '^[a-z0-9][a-z0-9._-]{1,62}$'", name=op.f("ck_account_username")
        ),
        sa.ForeignKeyConstraint(
            ["division_code"], ["division.code"], name=op.f("fk_account_division_code_division")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_api_token_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"], unique=False)
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column(
            "actor",
            sa.Text(),
            nullable=False,
            comment="The username then, or what was typed at sign-in.",
        ),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome in ('done', 'refused', 'failed')", name=op.f("ck_audit_event_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["account.id"],
            name=op.f("fk_audit_event_actor_id_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_actor_id_at", "audit_event", ["actor_id", "at"], unique=False)
    op.create_index("ix_audit_event_at", "audit_event", ["at"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_idempotency_key_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(
        op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False
    )
    op.create_geospatial_table(
        "location",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "initials",
            sa.Text(),
            nullable=False,
            comment="Pinyin initials of the name, for search.",
        ),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("asset_class", sa.Text(), nullable=False),
        sa.Column("use_status", sa.Text(), nullable=False),
        sa.Column("review_state", sa.Text(), nullable=False),
        sa.Column(
            "custodian", sa.Text(), nullable=True, comment="A post or unit, never a villager."
        ),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column("survey_date", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delete_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "asset_class in ('public_welfare', 'operating', 'household')",
            name=op.f("ck_location_asset_class"),
        ),
        sa.CheckConstraint(
            "review_state in ('draft', 'submitted', 'township_reviewed', 'county_verified', 'returned')",
            name=op.f("ck_location_review_state"),
        ),
        sa.CheckConstraint(
            "use_status in ('in_use', 'underused', 'idle', 'damaged', 'lost', 'disposed')",
            name=op.f("ck_location_use_status"),
        ),
        sa.CheckConstraint(
            "(deleted_at is null) = (delete_reason is null)", name=op.f("ck_location_delete_reason")
        ),
        sa.CheckConstraint(
            "ST_IsValid(geom) and not ST_IsEmpty(geom)", name=op.f("ck_location_geom_valid")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("fk_location_created_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["division_code"], ["division.code"], name=op.f("fk_location_division_code_division")
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["account.id"], name=op.f("fk_location_updated_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("layer", "code", name=op.f("uq_location_layer_code")),
    )
    op.create_geospatial_index(
        "ix_location_geom",
        "location",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "ix_location_layer_division",
        "location",
        ["layer", "division_code", "id"],
        unique=False,
        postgresql_ops={"division_code": "text_pattern_ops"},
    )
    op.create_index("ix_location_layer_id", "location", ["layer", "id"], unique=False)
    op.create_index(
        "ix_location_layer_name",
        "location",
        ["layer", sa.literal_column('name collate "zh-x-icu"'), "id"],
        unique=False,
    )
    op.create_table(
        "map_view",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shared_with", sa.Text(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "shared_with in ('nobody', 'roles', 'everyone')", name=op.f("ck_map_view_shared_with")
        ),
        sa.CheckConstraint("length(title) between 1 and 80", name=op.f("ck_map_view_title")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["account.id"],
            name=op.f("fk_map_view_owner_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["scope"], ["division.code"], name=op.f("fk_map_view_scope_division")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_map_view")),
    )
    op.create_index(op.f("ix_map_view_owner_id"), "map_view", ["owner_id"], unique=False)
    op.create_index(
        "ix_map_view_scope",
        "map_view",
        ["scope"],
        unique=False,
        postgresql_ops={"scope": "text_pattern_ops"},
    )
    op.create_table(
        "assistance_asset",
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("formed_year", sa.Integer(), nullable=False),
        sa.Column("fund_source", sa.Text(), nullable=False),
        sa.Column("original_value_yuan", sa.Numeric(), nullable=False),
        sa.Column("book_value_yuan", sa.Numeric(), nullable=True),
        sa.Column("owner_level", sa.Text(), nullable=False),
        sa.Column("ownership_confirmed", sa.Boolean(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("certificate_no", sa.Text(), nullable=True),
        sa.Column("manager", sa.Text(), nullable=True),
        sa.Column("operation_mode", sa.Text(), nullable=True),
        sa.Column("contract_end", sa.Date(), nullable=True),
        sa.Column("annual_income_yuan", sa.Numeric(), nullable=True),
        sa.Column("beneficiary_workers", sa.Integer(), nullable=True),
        sa.Column("revival", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
            name=op.f("fk_assistance_asset_location_id_location"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_assistance_asset")),
    )
    op.create_table(
        "household_survey",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("household_no", sa.Text(), nullable=False),
        sa.Column("toilet_id", sa.BigInteger(), nullable=True),
        sa.Column("review_state", sa.Text(), nullable=False),
        sa.Column("surveyed_on", sa.Date(), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=True),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "review_state in ('draft', 'submitted', 'township_reviewed', 'county_verified', 'returned')",
            name=op.f("ck_household_survey_review_state"),
        ),
        sa.ForeignKeyConstraint(
            ["division_code"],
            ["division.code"],
            name=op.f("fk_household_survey_division_code_division"),
        ),
        sa.ForeignKeyConstraint(
            ["toilet_id"],
            ["location.id"],
            name=op.f("fk_household_survey_toilet_id_location"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_survey")),
        sa.UniqueConstraint(
            "division_code",
            "household_no",
            name=op.f("uq_household_survey_division_code_household_no"),
        ),
    )
    op.create_index(
        op.f("ix_household_survey_division_code"),
        "household_survey",
        ["division_code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_household_survey_toilet_id"), "household_survey", ["toilet_id"], unique=False
    )
    op.create_table(
        "location_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "action in ('create', 'update', 'delete', 'restore', 'undo')",
            name=op.f("ck_location_change_action"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["account.id"], name=op.f("fk_location_change_actor_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
            name=op.f("fk_location_change_location_id_location"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location_change")),
    )
    op.create_index(
        op.f("ix_location_change_location_id"), "location_change", ["location_id"], unique=False
    )
    op.create_table(
        "pv_station",
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("capacity_kwp", sa.Numeric(), nullable=False),
        sa.Column("commissioned_on", sa.Date(), nullable=True),
        sa.Column("grid_voltage", sa.Text(), nullable=True),
        sa.Column("grid_account", sa.Text(), nullable=True),
        sa.Column("in_subsidy_catalogue", sa.Boolean(), nullable=True),
        sa.Column("tilt_deg", sa.Numeric(), nullable=True),
        sa.Column("azimuth_deg", sa.Numeric(), nullable=True),
        sa.Column("inverters", sa.Integer(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("contract_end", sa.Date(), nullable=True),
        sa.Column("online_state", sa.Text(), nullable=False),
        sa.Column("revenue_use", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
            name=op.f("fk_pv_station_location_id_location"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_pv_station")),
    )
    op.create_table(
        "sanitation_facility",
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("built_year", sa.Integer(), nullable=True),
        sa.Column("toilet_type", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("volume_m3", sa.Numeric(), nullable=True),
        sa.Column("excreta_route", sa.Text(), nullable=True),
        sa.Column("is_problem", sa.Boolean(), nullable=True),
        sa.Column("problem_types", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("rectification", sa.Text(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("capacity_t_d", sa.Numeric(), nullable=True),
        sa.Column("process", sa.Text(), nullable=True),
        sa.Column("design_m3d", sa.Numeric(), nullable=True),
        sa.Column("served_households", sa.Integer(), nullable=True),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("water_type", sa.Text(), nullable=True),
        sa.Column("area_m2", sa.Numeric(), nullable=True),
        sa.Column("water_status", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
            name=op.f("fk_sanitation_facility_location_id_location"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_sanitation_facility")),
    )
    op.create_table(
        "village",
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("key_level", sa.Text(), nullable=False),
        sa.Column("village_class", sa.Text(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("workroom", sa.Boolean(), nullable=False),
        sa.Column("informants", sa.Integer(), nullable=True),
        sa.Column("plan_status", sa.Text(), nullable=False),
        sa.Column("plan_name", sa.Text(), nullable=True),
        sa.Column("approval_no", sa.Text(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("honours", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
            name=op.f("fk_village_location_id_location"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_village")),
    )
    op.create_table(
        "water_project",
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("built_year", sa.Integer(), nullable=True),
        sa.Column("design_m3d", sa.Numeric(), nullable=False),
        sa.Column("actual_m3_year", sa.Numeric(), nullable=True),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=True),
        sa.Column("source_stable", sa.Boolean(), nullable=True),
        sa.Column("protected", sa.Boolean(), nullable=True),
        sa.Column("treatment", sa.Text(), nullable=True),
        sa.Column("disinfection", sa.Boolean(), nullable=True),
        sa.Column("supply_mode", sa.Text(), nullable=True),
        sa.Column("served_population", sa.Integer(), nullable=False),
        sa.Column("served_households", sa.Integer(), nullable=True),
        sa.Column("served_hamlets", sa.Integer(), nullable=True),
        sa.Column("tariff_yuan_m3", sa.Numeric(), nullable=True),
        sa.Column("run_status", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=True),
        sa.Column("quality", sa.Text(), nullable=True),
        sa.Column("convenience", sa.Text(), nullable=True),
        sa.Column("guarantee", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
            name=op.f("fk_water_project_location_id_location"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_water_project")),
    )
    # The queue's statements hold percent signs and semicolons: they go to the driver unread.
    driver = op.get_bind().connection.driver_connection
    driver.execute(SchemaManager.get_schema())  # type: ignore[union-attr]

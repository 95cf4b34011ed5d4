"""The first schema: organisation, place, field, audit, risk and system tables of DESIGN.md.

Written by Alembic from the models, then kept as it is. Energy and money tables come with their own migrations.
Row security, grants, triggers and functions follow in 0002, so that a reader sees columns and rules apart.

Revision: 0001
Follows:
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from data_access.models.base import LTree

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for extension in ("postgis", "ltree", "pg_trgm", "btree_gist", "pgcrypto"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"], unique=False)
    op.create_index("ix_audit_log_object", "audit_log", ["object_kind", "object_key", "at"], unique=False)
    op.create_table(
        "business_type",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_business_type")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_business_type_ordinal")),
    )
    op.create_table(
        "change_feed",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_change_feed")),
    )
    op.create_index("ix_change_feed_at", "change_feed", ["at"], unique=False)
    op.create_geospatial_table(
        "customer",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("voltage", sa.Text(), nullable=False),
        sa.Column("contract_capacity_kva", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("tariff_code", sa.Text(), nullable=False),
        sa.Column("trade_code", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("district_code", sa.Text(), nullable=False),
        sa.Column("reading_section_code", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("county_code", "number", name=op.f("pk_customer")),
    )
    op.create_geospatial_index(
        "idx_customer_location", "customer", ["location"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_customer_district", "customer", ["county_code", "district_code"], unique=False)
    op.create_table(
        "data_load",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_load")),
    )
    op.create_geospatial_table(
        "evidence",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("ticket_number", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("county_code", "sha256", "ticket_number", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_ticket", "evidence", ["county_code", "ticket_number"], unique=False)
    op.create_table(
        "layer_version",
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("layer", name=op.f("pk_layer_version")),
    )
    op.create_table(
        "meter",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_number", sa.Text(), nullable=False),
        sa.Column("multiplier", sa.Integer(), server_default="1", nullable=False),
        sa.Column("digits", sa.SmallInteger(), nullable=False),
        sa.Column("installed_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "number", name=op.f("pk_meter")),
    )
    op.create_index("ix_meter_customer", "meter", ["county_code", "customer_number"], unique=False)
    op.create_geospatial_table(
        "organisation",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column(
            "boundary",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "centre",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["parent_code"], ["organisation.code"], name=op.f("fk_organisation_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_organisation")),
        sa.UniqueConstraint("org_path", name=op.f("uq_organisation_org_path")),
    )
    op.create_geospatial_index(
        "idx_organisation_boundary",
        "organisation",
        ["boundary"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "position_fix",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("employee_number", sa.Text(), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.REAL(), nullable=True),
        sa.Column("speed_kmh", sa.REAL(), nullable=True),
        sa.Column("heading_deg", sa.REAL(), nullable=True),
        sa.Column("is_late", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "employee_number", "fixed_at", name=op.f("pk_position_fix")),
        postgresql_partition_by="RANGE (fixed_at)",
    )
    op.create_index("ix_position_fix_fixed_at", "position_fix", ["fixed_at"], unique=False, postgresql_using="brin")
    op.create_table(
        "position_rejection",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sample", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("employee_number", sa.Text(), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.PrimaryKeyConstraint("day", "device_id", "reason", name=op.f("pk_position_rejection")),
    )
    op.create_table(
        "reading_section",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reader_number", sa.Text(), nullable=True),
        sa.Column("reading_day", sa.SmallInteger(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "code", name=op.f("pk_reading_section")),
    )
    op.create_geospatial_table(
        "risk_chunk",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("station_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("open_by_level", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("x", sa.LargeBinary(), nullable=False),
        sa.Column("y", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.LargeBinary(), nullable=False),
        sa.Column("flag", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.LargeBinary(), nullable=False),
        sa.Column("score", sa.LargeBinary(), nullable=False),
        sa.Column("cell", sa.LargeBinary(), nullable=False),
        sa.Column(
            "bounds",
            Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("county_code", "station_code", "month", name=op.f("pk_risk_chunk")),
    )
    op.create_geospatial_index(
        "idx_risk_chunk_bounds", "risk_chunk", ["bounds"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_risk_chunk_month", "risk_chunk", ["month"], unique=False)
    op.create_table(
        "risk_chunk_dirty",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("station_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "station_code", "month", name=op.f("pk_risk_chunk_dirty")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_address", "sign_in_attempt", ["address", "at"], unique=False)
    op.create_index("ix_sign_in_attempt_login", "sign_in_attempt", ["login", "at"], unique=False)
    op.create_geospatial_table(
        "substation",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("voltage_kv", sa.SmallInteger(), nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_substation")),
    )
    op.create_geospatial_index(
        "idx_substation_location", "substation", ["location"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "ticket_event",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("ticket_number", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_status", sa.SmallInteger(), nullable=True),
        sa.Column("to_status", sa.SmallInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("hash_version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "ticket_number", "sequence", name=op.f("pk_ticket_event")),
    )
    op.create_index("ix_ticket_event_at", "ticket_event", ["at"], unique=False)
    op.create_geospatial_table(
        "transformer_district",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("capacity_kva", sa.Integer(), nullable=False),
        sa.Column("feeder_code", sa.Text(), nullable=False),
        sa.Column("manager_number", sa.Text(), nullable=True),
        sa.Column("customer_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "service_area",
            Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("county_code", "code", name=op.f("pk_transformer_district")),
    )
    op.create_geospatial_index(
        "idx_transformer_district_location",
        "transformer_district",
        ["location"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_index(
        "idx_transformer_district_service_area",
        "transformer_district",
        ["service_area"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "work_shift",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("employee_number", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "employee_number", "started_at", name=op.f("pk_work_shift")),
    )
    op.create_geospatial_table(
        "work_track",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("employee_number", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("distance_m", sa.Double(), nullable=False),
        sa.Column("fix_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stops", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("gaps", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column(
            "line",
            Geometry(
                geometry_type="MULTILINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("county_code", "employee_number", "day", name=op.f("pk_work_track")),
    )
    op.create_geospatial_index(
        "idx_work_track_line", "work_track", ["line"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "anomaly_type",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("business_type", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("default_level", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["business_type"], ["business_type.code"], name=op.f("fk_anomaly_type_business_type")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_anomaly_type")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_anomaly_type_ordinal")),
    )
    op.create_table(
        "employee",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("is_demo", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_code"], ["organisation.code"], name=op.f("fk_employee_organisation_code")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_employee")),
    )
    op.create_index("ix_employee_org_path", "employee", ["org_path"], unique=False, postgresql_using="gist")
    op.create_geospatial_table(
        "feeder",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("substation_code", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column(
            "path",
            Geometry(
                geometry_type="MULTILINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["substation_code"], ["substation.code"], name=op.f("fk_feeder_substation_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_feeder")),
    )
    op.create_geospatial_index(
        "idx_feeder_path", "feeder", ["path"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("employee_number", sa.Text(), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("language", sa.Text(), server_default="zh", nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["employee_number"], ["employee.number"], name=op.f("fk_app_user_employee_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("login", name=op.f("uq_app_user_login")),
    )
    op.create_geospatial_table(
        "audit_ticket",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("anomaly_code", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("risk_number", sa.Text(), nullable=True),
        sa.Column("district_code", sa.Text(), nullable=True),
        sa.Column("customer_number", sa.Text(), nullable=True),
        sa.Column("handler_number", sa.Text(), nullable=True),
        sa.Column("reviewer_number", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_count", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("recovered_kwh", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("recovered_yuan", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("breach_yuan", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("is_demo", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["anomaly_code"], ["anomaly_type.code"], name=op.f("fk_audit_ticket_anomaly_code")),
        sa.PrimaryKeyConstraint("county_code", "number", name=op.f("pk_audit_ticket")),
    )
    op.create_geospatial_index(
        "idx_audit_ticket_location",
        "audit_ticket",
        ["location"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "ix_audit_ticket_closed",
        "audit_ticket",
        ["closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index("ix_audit_ticket_customer", "audit_ticket", ["county_code", "customer_number"], unique=False)
    op.create_index("ix_audit_ticket_district", "audit_ticket", ["county_code", "district_code"], unique=False)
    op.create_index(
        "ix_audit_ticket_handler",
        "audit_ticket",
        ["handler_number"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_audit_ticket_open",
        "audit_ticket",
        ["county_code", "due_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_audit_ticket_opened", "audit_ticket", ["opened_at"], unique=False)
    op.create_index("ix_audit_ticket_number", "audit_ticket", ["number"], unique=False)
    op.create_index("ix_audit_ticket_org_path", "audit_ticket", ["org_path"], unique=False, postgresql_using="gist")
    op.create_table(
        "demo_truth",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("anomaly_code", sa.Text(), nullable=False),
        sa.Column("district_code", sa.Text(), nullable=True),
        sa.Column("customer_number", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(["anomaly_code"], ["anomaly_type.code"], name=op.f("fk_demo_truth_anomaly_code")),
        sa.PrimaryKeyConstraint("county_code", "number", name=op.f("pk_demo_truth")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("employee_number", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("coordinate_system", sa.Text(), server_default="wgs84", nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["employee_number"], ["employee.number"], name=op.f("fk_device_employee_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_token_hash")),
    )
    op.create_table(
        "inspector_position",
        sa.Column("employee_number", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.REAL(), nullable=True),
        sa.Column("speed_kmh", sa.REAL(), nullable=True),
        sa.Column("heading_deg", sa.REAL(), nullable=True),
        sa.Column("battery_percent", sa.SmallInteger(), nullable=True),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("on_shift", sa.Boolean(), nullable=False),
        sa.Column("ticket_number", sa.Text(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_number"], ["employee.number"], name=op.f("fk_inspector_position_employee_number")
        ),
        sa.PrimaryKeyConstraint("employee_number", name=op.f("pk_inspector_position")),
    )
    op.create_table(
        "problem",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("ticket_number", sa.Text(), nullable=False),
        sa.Column("anomaly_code", sa.Text(), nullable=False),
        sa.Column("district_code", sa.Text(), nullable=True),
        sa.Column("customer_number", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("responsible_unit", sa.Text(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rectification", sa.Text(), nullable=True),
        sa.Column("rectified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("org_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(["anomaly_code"], ["anomaly_type.code"], name=op.f("fk_problem_anomaly_code")),
        sa.PrimaryKeyConstraint("county_code", "number", name=op.f("pk_problem")),
    )
    op.create_index("ix_problem_district", "problem", ["county_code", "district_code"], unique=False)
    op.create_geospatial_table(
        "risk_point",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("station_code", sa.Text(), nullable=False),
        sa.Column("anomaly_code", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("score_parts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("exposure_yuan", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("district_code", sa.Text(), nullable=True),
        sa.Column("customer_number", sa.Text(), nullable=True),
        sa.Column("rule_version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("h3_cell", sa.BigInteger(), nullable=False),
        sa.Column("org_path", LTree(), nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["anomaly_code"], ["anomaly_type.code"], name=op.f("fk_risk_point_anomaly_code")),
        sa.PrimaryKeyConstraint("county_code", "number", name=op.f("pk_risk_point")),
    )
    op.create_geospatial_index(
        "idx_risk_point_location", "risk_point", ["location"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_risk_point_cell", "risk_point", ["h3_cell"], unique=False)
    op.create_index("ix_risk_point_customer", "risk_point", ["county_code", "customer_number"], unique=False)
    op.create_index("ix_risk_point_detected", "risk_point", ["detected_at"], unique=False)
    op.create_index("ix_risk_point_number", "risk_point", ["number"], unique=False)
    op.create_index(
        "ix_risk_point_open",
        "risk_point",
        [sa.text("score DESC"), sa.text("detected_at DESC"), "number"],
        unique=False,
        postgresql_where=sa.text("state IN (0, 1, 3)"),
    )
    op.create_index("ix_risk_point_district", "risk_point", ["county_code", "district_code"], unique=False)
    op.create_index("ix_risk_point_station_detected", "risk_point", ["station_code", "detected_at"], unique=False)
    op.create_table(
        "rule_version",
        sa.Column("anomaly_code", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("thresholds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["anomaly_code"], ["anomaly_type.code"], name=op.f("fk_rule_version_anomaly_code")),
        sa.PrimaryKeyConstraint("anomaly_code", "version", name=op.f("pk_rule_version")),
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("previous_token_hash", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("previous_token_hash", name=op.f("uq_user_session_previous_token_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    op.create_index("ix_user_session_user", "user_session", ["user_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_user_session_user", table_name="user_session")
    op.drop_table("user_session")
    op.drop_table("rule_version")
    op.drop_index("ix_risk_point_station_detected", table_name="risk_point")
    op.drop_index("ix_risk_point_district", table_name="risk_point")
    op.drop_index("ix_risk_point_detected", table_name="risk_point")
    op.drop_index("ix_risk_point_open", table_name="risk_point")
    op.drop_index("ix_risk_point_number", table_name="risk_point")
    op.drop_index("ix_risk_point_customer", table_name="risk_point")
    op.drop_index("ix_risk_point_cell", table_name="risk_point")
    op.drop_geospatial_index(
        "idx_risk_point_location", table_name="risk_point", postgresql_using="gist", column_name="location"
    )
    op.drop_geospatial_table("risk_point")
    op.drop_index("ix_problem_district", table_name="problem")
    op.drop_table("problem")
    op.drop_table("inspector_position")
    op.drop_table("device")
    op.drop_table("demo_truth")
    op.drop_index("ix_audit_ticket_org_path", table_name="audit_ticket", postgresql_using="gist")
    op.drop_index("ix_audit_ticket_opened", table_name="audit_ticket")
    op.drop_index("ix_audit_ticket_number", table_name="audit_ticket")
    op.drop_index("ix_audit_ticket_open", table_name="audit_ticket", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_audit_ticket_handler", table_name="audit_ticket", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_audit_ticket_district", table_name="audit_ticket")
    op.drop_index("ix_audit_ticket_customer", table_name="audit_ticket")
    op.drop_index(
        "ix_audit_ticket_closed", table_name="audit_ticket", postgresql_where=sa.text("closed_at IS NOT NULL")
    )
    op.drop_geospatial_index(
        "idx_audit_ticket_location", table_name="audit_ticket", postgresql_using="gist", column_name="location"
    )
    op.drop_geospatial_table("audit_ticket")
    op.drop_table("app_user")
    op.drop_geospatial_index("idx_feeder_path", table_name="feeder", postgresql_using="gist", column_name="path")
    op.drop_geospatial_table("feeder")
    op.drop_index("ix_employee_org_path", table_name="employee", postgresql_using="gist")
    op.drop_table("employee")
    op.drop_table("anomaly_type")
    op.drop_geospatial_index(
        "idx_work_track_line", table_name="work_track", postgresql_using="gist", column_name="line"
    )
    op.drop_geospatial_table("work_track")
    op.drop_table("work_shift")
    op.drop_geospatial_index(
        "idx_transformer_district_service_area",
        table_name="transformer_district",
        postgresql_using="gist",
        column_name="service_area",
    )
    op.drop_geospatial_index(
        "idx_transformer_district_location",
        table_name="transformer_district",
        postgresql_using="gist",
        column_name="location",
    )
    op.drop_geospatial_table("transformer_district")
    op.drop_index("ix_ticket_event_at", table_name="ticket_event")
    op.drop_table("ticket_event")
    op.drop_geospatial_index(
        "idx_substation_location", table_name="substation", postgresql_using="gist", column_name="location"
    )
    op.drop_geospatial_table("substation")
    op.drop_index("ix_sign_in_attempt_login", table_name="sign_in_attempt")
    op.drop_index("ix_sign_in_attempt_address", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_table("risk_chunk_dirty")
    op.drop_index("ix_risk_chunk_month", table_name="risk_chunk")
    op.drop_geospatial_index(
        "idx_risk_chunk_bounds", table_name="risk_chunk", postgresql_using="gist", column_name="bounds"
    )
    op.drop_geospatial_table("risk_chunk")
    op.drop_table("reading_section")
    op.drop_table("position_rejection")
    op.drop_index("ix_position_fix_fixed_at", table_name="position_fix", postgresql_using="brin")
    op.drop_table("position_fix")
    op.drop_geospatial_index(
        "idx_organisation_boundary", table_name="organisation", postgresql_using="gist", column_name="boundary"
    )
    op.drop_geospatial_table("organisation")
    op.drop_index("ix_meter_customer", table_name="meter")
    op.drop_table("meter")
    op.drop_table("layer_version")
    op.drop_index("ix_evidence_ticket", table_name="evidence")
    op.drop_geospatial_table("evidence")
    op.drop_table("data_load")
    op.drop_index("ix_customer_district", table_name="customer")
    op.drop_geospatial_index(
        "idx_customer_location", table_name="customer", postgresql_using="gist", column_name="location"
    )
    op.drop_geospatial_table("customer")
    op.drop_index("ix_change_feed_at", table_name="change_feed")
    op.drop_table("change_feed")
    op.drop_table("business_type")
    op.drop_index("ix_audit_log_object", table_name="audit_log")
    op.drop_index("ix_audit_log_at", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_table("api_token")

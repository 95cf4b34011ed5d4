"""The program's own tables: users, sessions, tokens, the log of what was done, the change feed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, Created, OrgPath


class AppUser(Base):
    """An account. `role` is one of `data_access.scope.ROLES`."""

    __tablename__ = "app_user"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    employee_number: Mapped[str | None] = mapped_column(ForeignKey("employee.number"))
    org_path: Mapped[OrgPath]
    language: Mapped[str] = mapped_column(server_default="zh")
    disabled_at: Mapped[datetime | None]
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Created]


class UserSession(Base):
    """A sign-in. The cookie's secret is stored as its SHA-256; rotation keeps the row and changes the hash."""

    __tablename__ = "user_session"
    __table_args__ = (Index("ix_user_session_user", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    previous_token_hash: Mapped[str | None] = mapped_column(unique=True)
    """Still good for a few seconds after a rotation, for requests already on their way."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[Created]
    rotated_at: Mapped[Created]
    seen_at: Mapped[Created]
    revoked_at: Mapped[datetime | None]
    address: Mapped[str | None]
    agent: Mapped[str | None]


class ApiToken(Base):
    """A token of a wall screen or another system. `kind`: `wall` or `api`."""

    __tablename__ = "api_token"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    kind: Mapped[str]
    label: Mapped[str]
    role: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    org_path: Mapped[OrgPath]
    created_at: Mapped[Created]
    created_by: Mapped[str]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """A sign-in that was tried: for throttling by account and by address."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index("ix_sign_in_attempt_login", "login", "at"),
        Index("ix_sign_in_attempt_address", "address", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[Created]
    login: Mapped[str]
    address: Mapped[str]
    succeeded: Mapped[bool]


class AuditLog(Base):
    """Who did what to which object from where: sign-ins, views of tracks, reveals, changes of rights. Append-only."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_at", "at"), Index("ix_audit_log_object", "object_kind", "object_key", "at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[Created]
    subject: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_key: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    address: Mapped[str | None]
    org_path: Mapped[OrgPath]


class ChangeFeed(Base):
    """What changed, in commit order: `sequence` is given under a lock, so readers never see a gap that fills later."""

    __tablename__ = "change_feed"
    __table_args__ = (Index("ix_change_feed_at", "at"),)

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    kind: Mapped[str]
    """`position`, `ticket`, `risk`, `layer`, `access`."""
    key: Mapped[str]
    org_path: Mapped[OrgPath]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)


class LayerVersion(Base):
    """The version of a map layer's data; part of every tile's cache key."""

    __tablename__ = "layer_version"

    layer: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    changed_at: Mapped[Created]


class DataLoad(Base):
    """A bulk load and how far it came; one without `finished_at` was interrupted and is done again."""

    __tablename__ = "data_load"

    name: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class DataImport(Base):
    """An import of a file: what it was asked for, how far it is, what came of it. `content` goes when it has ended."""

    __tablename__ = "data_import"
    __table_args__ = (
        Index("ix_data_import_requested_at", "requested_at"),
        CheckConstraint(
            "state IN ('queued', 'reading', 'checking', 'writing', 'done', 'refused', 'failed')", name="state"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    file_name: Mapped[str]
    sha256: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="queued")
    """`refused`: rows were faulty and nothing was written. `failed`: the file or the program."""
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    requested_by: Mapped[str]
    requested_at: Mapped[Created]
    finished_at: Mapped[datetime | None]
    rows_read: Mapped[int] = mapped_column(server_default="0")
    rows_new: Mapped[int] = mapped_column(server_default="0")
    rows_changed: Mapped[int] = mapped_column(server_default="0")
    rows_equal: Mapped[int] = mapped_column(server_default="0")
    rows_faulty: Mapped[int] = mapped_column(server_default="0")
    warnings: Mapped[int] = mapped_column(server_default="0")
    error_code: Mapped[str | None]
    error_values: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    report: Mapped[str | None]
    """CSV of faults and warnings, row by row."""
    org_path: Mapped[OrgPath]

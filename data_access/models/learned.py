"""The learned score: models as plain numbers, how well they did where the truth is known, what they say now."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, CountyKey, Created, LTree, OrgPath


class LearnedModel(Base):
    """A trained model. `parameters` are numbers and names (`audit.learned.model`), never code. The program's alone."""

    __tablename__ = "learned_model"
    __table_args__ = (CheckConstraint("first_day <= last_day AND last_day <= valid_until", name="days"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    truth: Mapped[str]
    """What it learned from: `demo` is the demo utility's planted answer sheet, a simulation."""
    trained_at: Mapped[Created]
    first_day: Mapped[date]
    last_day: Mapped[date]
    """Days of the data that it was trained and judged on."""
    valid_until: Mapped[date]
    """Last day on which its scores may be shown."""
    parameters: Mapped[dict[str, Any]]


class LearnedPanel(Base):
    """How well a model did on held-out customers and months, for the whole utility and by county."""

    __tablename__ = "learned_panel"

    model_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("learned_model.id", ondelete="CASCADE"), primary_key=True
    )
    org_path: Mapped[str] = mapped_column(LTree, primary_key=True)
    truth: Mapped[str]
    trained_at: Mapped[datetime]
    valid_until: Mapped[date]
    panel: Mapped[dict[str, Any]]


class LearnedScore(Base):
    """How likely a customer has an anomaly of the learned kind, and the features that say so most."""

    __tablename__ = "learned_score"
    __table_args__ = (CheckConstraint("probability BETWEEN 0 AND 1", name="probability"),)

    county_code: Mapped[CountyKey]
    customer_number: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    probability: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    org_path: Mapped[OrgPath]

"""The utility's units (province, city, county, station) and its people."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from data_access.models.base import Base, OrgPath, Small, geometry


class Organisation(Base):
    """A unit. `level`: 0 province, 1 city, 2 county, 3 station. Codes extend the parent's: 1302, 130202, 13020201."""

    __tablename__ = "organisation"
    __table_args__ = (
        Index(
            "ix_organisation_search",
            text("search_grams(name_zh, name_en, org_path)"),
            postgresql_using="gin",
        ),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("organisation.code"))
    level: Mapped[Small]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    county_code: Mapped[str | None]
    org_path: Mapped[OrgPath] = mapped_column(unique=True)
    boundary: Mapped[str | None] = geometry("MULTIPOLYGON", nullable=True)
    centre: Mapped[str | None] = geometry("POINT", nullable=True, index=False)


class Employee(Base):
    """Somebody who works for the utility. `kind`: inspector, district_manager, reader, expert, officer."""

    __tablename__ = "employee"
    __table_args__ = (
        Index("ix_employee_org_path", "org_path", postgresql_using="gist"),
        Index("ix_employee_search", text("search_grams(name, org_path)"), postgresql_using="gin"),
    )

    number: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    organisation_code: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    county_code: Mapped[str | None]
    org_path: Mapped[OrgPath]
    phone: Mapped[str | None]
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    is_demo: Mapped[bool] = mapped_column(server_default="false")

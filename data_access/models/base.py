"""What all tables share: the naming of constraints, and the column kinds of the house."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, DateTime, MetaData, Numeric, SmallInteger, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import UserDefinedType


class LTree(UserDefinedType[str]):
    """PostgreSQL `ltree`: a path of labels, here province.city.county.station."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in SQL."""
        return "LTREE"


class Base(DeclarativeBase):
    """All tables of the product."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own contract
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
    }


CountyKey = Annotated[str, mapped_column(Text, primary_key=True)]
"""`county_code`, first in the primary key of every large table: the distribution column past one server."""
OrgPath = Annotated[str, mapped_column(LTree, nullable=False)]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now(), nullable=False)]
Yuan = Annotated[Decimal, mapped_column(Numeric(14, 2))]
KilowattHours = Annotated[Decimal, mapped_column(Numeric(16, 2))]
Small = Annotated[int, mapped_column(SmallInteger)]
Big = Annotated[int, mapped_column(BigInteger)]


def geometry(kind: str, *, nullable: bool = False, index: bool = True) -> Any:
    """A PostGIS column in WGS-84 (EPSG:4326); indexed by GiST unless said otherwise."""
    return mapped_column(Geometry(kind, srid=4326, spatial_index=index), nullable=nullable)

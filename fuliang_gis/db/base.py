"""Declarative base and column types shared by every model."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, Integer, MetaData, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

#: Stored geometry is CGCS2000, longitude before latitude.
SRID = 4490

#: Constraint names are predictable, so that a migration can name what it drops.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: A JSON object as stored in a history or audit row.
Json = dict[str, Any]


class Base(DeclarativeBase):
    """Base of every mapped class."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        int: Integer(),
        Decimal: Numeric(),
        date: Date(),
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text()),
        Json: JSONB(),
    }


#: Identity columns count far; a county's history outgrows four bytes before anything else does.
BigId = BigInteger

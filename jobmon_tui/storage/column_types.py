"""How times and ids are kept: as each backend keeps them best, and the same to whoever reads them."""

from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Integer,
    Text,
    any_,
    bindparam,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator, TypeEngine

from jobmon_tui.domain.audit import rfc3339

BIG = BigInteger().with_variant(Integer(), "sqlite")
"""Ids and sizes. SQLite counts AUTOINCREMENT ids in a plain INTEGER only, which has 64 bits there."""


def where(condition: str) -> dict[str, Any]:
    """Return what makes an index partial, on either backend."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class UtcText(TypeDecorator[datetime]):
    """An aware time in UTC, to the microsecond.

    On SQLite it is RFC 3339 text: anyone who opens the file can read it, and it sorts as time does. On
    PostgreSQL it is a `timestamptz`.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column's own type on this backend."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write a time."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else rfc3339(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        """Read a time."""
        if value is None:
            return None
        return (value if isinstance(value, datetime) else datetime.fromisoformat(value)).astimezone(UTC)


class OneOf(ColumnElement[bool]):
    """True where an id is among those of a parameter, which is a list.

    On PostgreSQL it is one array, so that the statement stays the same, and prepared, however many there are.
    """

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [("listed", InternalTraversal.dp_clauseelement)]  # noqa: RUF012 - SQLAlchemy's own type

    def __init__(self, column: Column[int], name: str) -> None:
        self.listed = column.in_(bindparam(name, expanding=True, type_=BIG))
        self.array = column == any_(bindparam(name, type_=ARRAY(BigInteger())))

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002 - SQLAlchemy's signature
        """Stand in a condition as it is: for SQLite `... = 1` would be written, which no index serves."""
        return self


@compiles(OneOf)
def _as_list(element: OneOf, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.listed, **options)


@compiles(OneOf, "postgresql")
def _as_array(element: OneOf, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.array, **options)

"""Statements on SQLite's own connection do and answer what they do through SQLAlchemy's."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    create_engine,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.pool import StaticPool

from jobmon_tui.storage.column_types import OneOf, UtcText
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.sqlite.connection import SqliteConnection

KEPT = Table(
    "kept",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, default="nameless"),
    Column("told", Boolean),
    Column("at", UtcText),
)
MADE = "CREATE TABLE kept (id INTEGER PRIMARY KEY, name TEXT NOT NULL, told BOOLEAN, at TEXT)"
IDS = st.integers(1, 6)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
TIMES = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
ROW = st.fixed_dictionaries(
    {"id": IDS}, optional={"name": TEXTS, "told": st.none() | st.booleans(), "at": st.none() | TIMES}
)
_MANY = insert(KEPT).values(id=bindparam("new"), at=bindparam("when")).on_conflict_do_nothing()
_ONES = update(KEPT).where(OneOf(KEPT.c.id, "wanted")).values(told=bindparam("heard"))
_BUILT_ONCE = select(KEPT).where(KEPT.c.at >= bindparam("since")).order_by(KEPT.c.id)
_ADDED = insert(KEPT).on_conflict_do_nothing().returning(KEPT.c.id, KEPT.c.at, KEPT.c.told)
Asked = tuple[Any, Any]
STATEMENTS: st.SearchStrategy[Asked] = st.one_of(
    st.builds(lambda row: (insert(KEPT).values(**row).on_conflict_do_nothing(), None), ROW),
    st.builds(lambda row: (_ADDED, row), ROW),
    st.builds(lambda n, at: (update(KEPT).where(KEPT.c.id > n).values(at=at), None), IDS, TIMES),
    st.builds(
        lambda n, yes: (update(KEPT).where(KEPT.c.id == bindparam("n")).values(told=yes), {"n": n}),
        IDS,
        st.booleans(),
    ),
    st.builds(lambda some, yes: (_ONES, {"wanted": some, "heard": yes}), st.lists(IDS), st.booleans()),
    st.builds(lambda some: (delete(KEPT).where(KEPT.c.id.in_(some)), None), st.lists(IDS, max_size=3)),
    st.builds(lambda times: (select(KEPT).where(KEPT.c.at.in_(times)), None), st.lists(TIMES, max_size=3)),
    st.builds(
        lambda some: (_MANY, [{"new": n, "when": at} for n, at in some]),
        st.lists(st.tuples(IDS, TIMES), max_size=3),
    ),
    st.builds(lambda at: (_BUILT_ONCE, {"since": at}), TIMES),
    st.builds(lambda n: (select(func.count(), func.max(KEPT.c.at).label("last")).limit(n), None), IDS),
    st.builds(lambda n: (text("SELECT id, told AS heard, at FROM kept WHERE id < :n"), {"n": n}), IDS),
)


@dataclass
class Both:
    """Two databases alike: one by SQLAlchemy's own connection, one by ours."""

    theirs: Connection
    ours: SqliteConnection
    raw: sqlite3.Connection


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    raw = sqlite3.connect(":memory:", isolation_level=None)
    raw.execute(MADE)
    with engine.connect() as theirs:
        theirs.exec_driver_sql(MADE)
        yield Both(theirs, SqliteConnection(raw), raw)
    engine.dispose()
    raw.close()


def _answer(on: Executes, statement: Any, parameters: Any) -> Any:
    done = on.execute(statement, parameters)
    if isinstance(parameters, list):
        return None
    if not statement.is_select and not getattr(statement, "_returning", ()) and not statement.is_text:
        return done.rowcount
    return [(tuple(row), dict(row._mapping)) for row in done]


@given(asked=st.lists(STATEMENTS, min_size=1, max_size=8))
def test_what_is_done_and_answered_is_the_same(both: Both, asked: Sequence[Asked]) -> None:
    for each in (both.theirs, both.ours):
        each.execute(delete(KEPT))
    for statement, parameters in asked:
        # SQLAlchemy takes an empty list for no parameters at all; ours for nothing to do.
        if parameters == []:
            continue
        theirs = _answer(both.theirs, statement, parameters)
        ours = _answer(both.ours, statement, parameters)
        assert ours == theirs
        assert repr(ours) == repr(theirs)
    kept = "SELECT * FROM kept ORDER BY id"
    assert both.raw.execute(kept).fetchall() == [tuple(row) for row in both.theirs.exec_driver_sql(kept)]


def test_a_rows_columns_are_its_attributes(both: Both) -> None:
    both.ours.execute(delete(KEPT))
    both.ours.execute(insert(KEPT).values(id=1, told=True, at=datetime(2026, 1, 2, tzinfo=UTC)))
    row = both.ours.execute(select(KEPT)).one()
    assert (row.id, row.name, row.told, row.at) == (1, "nameless", True, datetime(2026, 1, 2, tzinfo=UTC))
    assert row[:2] == (1, "nameless")
    with pytest.raises(AttributeError):
        _ = row.nothing


def test_nothing_of_many_is_nothing(both: Both) -> None:
    before = both.ours.changes
    assert both.ours.execute(_MANY, []).rowcount == 0
    assert both.ours.changes == before


def test_a_refusal_is_sqlites_own(both: Both) -> None:
    both.ours.execute(delete(KEPT))
    both.ours.execute(insert(KEPT).values(id=1))
    with pytest.raises(sqlite3.IntegrityError):
        both.ours.execute(insert(KEPT).values(id=1))

"""Answers from asyncpg read as SQLAlchemy's own do: the same statements, the same values, on both."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Executable,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import greenlet_spawn

from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.rows import Executes, Rows

KINDS = {"id": "bigint", "name": "text", "n": "double precision", "told": "boolean"}
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.none() | st.integers(-(2**63), 2**63 - 1),
    "name": st.none() | TEXTS,
    "n": st.none() | st.floats(allow_nan=False),
    "told": st.none() | st.booleans(),
}
ASKS: dict[str, Callable[[Rows], Any]] = {
    "rows": lambda rows: [tuple(row) for row in rows],
    "all": lambda rows: [tuple(row) for row in rows.all()],
    "attributes": lambda rows: [[getattr(row, name) for name in KINDS] for row in rows],
    "mapping": lambda rows: [{name: row._mapping[name] for name in KINDS} for row in rows],
    "unpacked": lambda rows: [(first, last) for first, _, _, last in rows],
    "first": lambda rows: None if (row := rows.first()) is None else tuple(row),
    "one": lambda rows: tuple(rows.one()),
    "scalar": lambda rows: rows.scalar(),
    "scalar one": lambda rows: rows.scalar_one(),
    "scalar one or none": lambda rows: rows.scalar_one_or_none(),
    "no such column": lambda rows: [row.nothing for row in rows],
}
KEPT = Table(
    "kept",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, default="nameless"),
    prefixes=["TEMPORARY"],
)
IDS = st.integers(1, 6)
_MANY = insert(KEPT).values(id=bindparam("new"), name=bindparam("called")).on_conflict_do_nothing()
WRITES = st.one_of(
    st.builds(lambda n, t: (insert(KEPT).values(id=n, name=t).on_conflict_do_nothing(), None), IDS, TEXTS),
    st.builds(lambda n: (insert(KEPT).on_conflict_do_nothing(), {"id": n}), IDS),
    st.builds(lambda n, t: (update(KEPT).where(KEPT.c.id > n).values(name=t), None), IDS, TEXTS),
    st.builds(lambda some: (delete(KEPT).where(KEPT.c.id.in_(some)), None), st.lists(IDS, max_size=3)),
    st.builds(
        lambda some: (_MANY, [{"new": n, "called": t} for n, t in some]),
        st.lists(st.tuples(IDS, TEXTS), min_size=2, max_size=3),
    ),
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Both:
    """One database, by SQLAlchemy's own connection and by ours."""

    theirs: AsyncConnection
    ours: PgConnection
    runner: asyncio.Runner

    def ask(self, work: Callable[[Executes], Any]) -> tuple[Any, Any]:
        """Do the same on each."""

        async def run() -> tuple[Any, Any]:
            return await self.theirs.run_sync(work), await greenlet_spawn(work, self.ours)  # type: ignore[arg-type]

        return self.runner.run(run())


@pytest.fixture
def both(postgres_url: str) -> Iterator[Both]:
    with asyncio.Runner() as runner:

        async def connect() -> tuple[AsyncConnection, PgConnection]:
            source = PgSource(postgres_url, "test")
            engine = create_async_engine(
                "postgresql+asyncpg://", async_creator=source.connect, poolclass=NullPool
            )
            return await engine.connect(), PgConnection(await source.connect())

        theirs, ours = runner.run(connect())
        yield Both(theirs, ours, runner)
        runner.run(theirs.close())
        runner.run(ours.raw.close())


def _answered(ask: Callable[[Rows], Any], rows: Rows) -> Any:
    try:
        return ask(rows)
    except (NoResultFound, MultipleResultsFound, LookupError):
        return "not one row"
    except AttributeError:
        return "no such column"


def _table(rows: Sequence[dict[str, Any]]) -> tuple[Executable, dict[str, Any]]:
    empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in KINDS.items())
    parts, values = [f"SELECT -1 AS place, {empty} WHERE false"], {}
    for number, row in enumerate(rows):
        bound = ", ".join(f"CAST(:{name}{number} AS {kind})" for name, kind in KINDS.items())
        parts.append(f"SELECT {number}, {bound}")
        values |= {f"{name}{number}": row[name] for name in KINDS}
    return text(f"SELECT {', '.join(KINDS)} FROM ({' UNION ALL '.join(parts)}) AS t ORDER BY place"), values


@FEW
@given(rows=st.lists(st.fixed_dictionaries(VALUES), max_size=3))
def test_whatever_is_asked_of_an_answer_is_the_same(both: Both, rows: list[dict[str, Any]]) -> None:
    statement, values = _table(rows)
    for name, ask in ASKS.items():
        theirs, ours = both.ask(lambda on, ask=ask: _answered(ask, on.execute(statement, values)))
        assert theirs == ours, name
        assert repr(theirs) == repr(ours), name


@FEW
@given(writes=st.lists(WRITES, min_size=1, max_size=6))
def test_what_is_written_and_how_many_rows_it_touches_is_the_same(
    both: Both, writes: list[tuple[Executable, Any]]
) -> None:
    def work(on: Executes) -> list[Any]:
        on.execute(text("CREATE TEMPORARY TABLE kept (id integer PRIMARY KEY, name text NOT NULL)"))
        seen: list[Any] = []
        for statement, values in writes:
            done = on.execute(statement, values)
            # Of many at once neither says how many.
            seen.append(None if isinstance(values, list) else done.rowcount)
            seen.append([tuple(row) for row in on.execute(select(KEPT).order_by(KEPT.c.id))])
        on.execute(text("DROP TABLE kept"))
        return seen

    theirs, ours = both.ask(work)
    assert theirs == ours


@FEW
@given(writes=st.lists(WRITES, min_size=1, max_size=4))
def test_what_was_written_is_counted(both: Both, writes: list[tuple[Executable, Any]]) -> None:
    def work(on: Executes) -> list[tuple[bool, bool]]:
        assert isinstance(on, PgConnection)
        on.execute(text("CREATE TEMPORARY TABLE kept (id integer PRIMARY KEY, name text NOT NULL)"))
        seen = []
        for statement, values in writes:
            before = on.changes
            touched = on.execute(statement, values).rowcount
            seen.append((on.changes > before, touched > 0))
            on.execute(select(KEPT))
            assert on.changes == before + touched
        on.execute(text("DROP TABLE kept"))
        return seen

    async def run() -> list[tuple[bool, bool]]:
        return await greenlet_spawn(work, both.ours)

    assert all(counted == touched for counted, touched in both.runner.run(run()))

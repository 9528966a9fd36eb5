"""Statements that are put together once: their text is kept, and nothing that grows with what was asked."""

import gc

import pytest
from sqlalchemy import Select, bindparam, literal_column, select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect

from jobmon_tui.storage.listing.filter import Narrowing
from jobmon_tui.storage.listing.ids import Reach, rows_of
from jobmon_tui.storage.statements import _MOST_KEPT, _MOST_WITH_SHAPE, Kept, Statements
from jobmon_tui.storage.tables import executions

MADE: list[int] = []


def made(number: int) -> Select[tuple[int]]:
    MADE.append(number)
    return select(executions.c.id).where(
        executions.c.id > bindparam("low"), executions.c.attempt == literal_column(str(number))
    )


def listed(*numbers: int) -> Select[tuple[int]]:
    return select(executions.c.id).where(executions.c.id.in_(numbers))


@pytest.fixture(params=[False, True], ids=["postgres", "sqlite"])
def statements(request: pytest.FixtureRequest) -> Statements:
    MADE.clear()
    kind = sqlite_dialect() if request.param else asyncpg_dialect()
    return Statements(kind, converts=request.param)


def test_one_that_says_the_same_is_put_together_once(statements: Statements) -> None:
    first = statements.written(Kept(made, 1), {"low": 5})
    again = statements.written(Kept(made, 1), {"low": 7})
    assert MADE == [1]
    assert again.text == first.text
    assert (first.arguments, again.arguments) == ([5], [7])
    assert "= 2" in statements.written(Kept(made, 2), {"low": 5}).text
    assert MADE == [1, 2]
    assert Kept(made, 1) != Kept(listed, 1)
    assert Kept(made, 1) != "made"


def test_those_not_asked_for_longest_are_forgotten(statements: Statements) -> None:
    most = _MOST_WITH_SHAPE if statements._converts else _MOST_KEPT
    for number in range(most + 1):
        statements.written(Kept(made, 0), {"low": 0})
        statements.written(Kept(made, number), {"low": 0})
    assert len(statements._kept) == most
    MADE.clear()
    statements.written(Kept(made, 0), {"low": 0})
    statements.written(Kept(made, 1), {"low": 0})
    assert MADE == [1]


def test_a_list_of_values_is_refused(statements: Statements) -> None:
    with pytest.raises(TypeError):
        statements.written(Kept(listed, 1, 2), {})


def test_for_postgresql_only_texts_are_kept() -> None:
    statements = Statements(asyncpg_dialect(), converts=False)

    def ask(number: int) -> None:
        parts = tuple(Narrowing(names=(f"Report {number} {each}",)) for each in range(15))
        statements.written(Kept(rows_of, parts, Reach(), 125), {"low": 0, "most": 50})

    ask(0)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(1, 41):
        ask(number)
    gc.collect()
    # What SQLAlchemy makes of one are nearly 1,000 objects.
    assert (len(gc.get_objects()) - before) / 40 < 200

"""A connection to SQLite that tells of each statement before it runs, BEGIN and COMMIT among them."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jobmon_tui.storage.sqlite.connection import SqliteConnection
from jobmon_tui.storage.sqlite.database import SqliteDatabase

Note = Callable[[str, tuple[Any, ...]], None]


class Noting:
    """As a `sqlite3.Connection` whose `note` is called first."""

    def __init__(self, raw: sqlite3.Connection, note: Note) -> None:
        self._raw = raw
        self._note = note

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def execute(self, text: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        self._note(text, tuple(values))
        return self._raw.execute(text, values)

    def executemany(self, text: str, each: Sequence[Sequence[Any]]) -> sqlite3.Cursor:
        for values in each:
            self._note(text, tuple(values))
        return self._raw.executemany(text, each)


@contextmanager
def noting(database: SqliteDatabase, note: Note) -> Iterator[None]:
    """Tell of what this database's writer runs; it has to be open, which any write does."""
    writer: Any = database._writer
    lane = writer._lane
    assert lane is not None
    writer._lane = SqliteConnection(Noting(lane.raw, note))
    try:
        yield
    finally:
        writer._lane = lane

"""A shell with a database of its own; commands run in this process, on a real database file."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner

from jobmon_tui.cli.app import app
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.audited import token_hash
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from jobmon_tui.storage.transaction import SqlTransaction

T = TypeVar("T")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
TOKENS = {"ada": "admin-token", "vic": "viewer-token"}


def write(path: Path, work: Callable[[SqlTransaction], T]) -> T:
    async def main() -> T:
        async with await SqliteDatabase.open(path) as database:
            return await database.write(work)

    return asyncio.run(main())


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs commands."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.path = folder / "jobmon.db"
        self._monkeypatch = monkeypatch

    def set(self, **environment: str | None) -> None:
        for name, value in environment.items():
            if value is None:
                self._monkeypatch.delenv(name, raising=False)
            else:
                self._monkeypatch.setenv(name, value)

    def __call__(self, *arguments: str, stdin: str | bytes = "") -> Answer:
        result = CliRunner().invoke(app, list(arguments), input=stdin, prog_name="jobmon")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    def write(self, work: Callable[[SqlTransaction], T]) -> T:
        return write(self.path, work)


def add_people(transaction: SqlTransaction) -> None:
    for name, role in (("ada", Role.ADMINISTRATOR), ("vic", Role.VIEWER)):
        transaction.add_account(name, role, "hash", NOW)
        transaction.add_session(name, token_hash(TOKENS[name]), NOW, NOW + timedelta(days=40_000))


def in_postgres(url: str, *units: Callable[[SqlTransaction], object]) -> None:
    """Run units of work on a PostgreSQL database."""

    async def main() -> None:
        async with await PostgresDatabase.open(PgSource(url, "jobmon")) as database:
            for unit in units:
                await database.write(unit)

    asyncio.run(main())

"""Bringing a PostgreSQL schema up to date: who may, and who works meanwhile."""

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobmon_tui.storage import schema
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.schema import upgrade
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.schema import head_revision
from scheduler.ports import WorkerInfo
from tests import postgres
from tests.cli.shell import Shell
from tests.conformance.world import queue_one

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{new}"
down_revision = "{old}"


def upgrade() -> None:
    op.add_column("job_execution_log", sa.Column("cost", sa.Float))
    op.create_index("ix_execution_cost", "job_execution_log", ["cost"])
    op.create_table("budget", sa.Column("id", sa.BigInteger, primary_key=True))
"""
INFO = WorkerInfo("here:1", "here", 1, "0.1", 4)


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let this process be a later release, which knows one more schema; the older one is another process."""
    new = f"{int(head_revision()) + 1:04}"
    folder = tmp_path / "migrations"
    shutil.copytree(schema._MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{new}_cost.py").write_text(NEXT.format(new=new, old=head_revision()))
    monkeypatch.setattr(schema, "_MIGRATIONS", folder)
    schema.known_revisions.cache_clear()
    yield new
    monkeypatch.undo()
    schema.known_revisions.cache_clear()


def test_an_older_schema_is_changed_by_upgrade_only(
    postgres_shell: Shell, postgres_database: str, next_release: str
) -> None:
    old = f"{int(next_release) - 1:04}"
    for arguments in (
        ("list",),
        ("worker",),
        ("run", "x"),
        ("db", "check"),
        ("db", "prune", "--older-than", "1d"),
    ):
        refused = postgres_shell(*arguments)
        assert (refused.code, refused.out) == (6, "")
        assert (
            f"has the schema {old}, this program needs {next_release}. Run: jobmon db upgrade" in refused.err
        )
    looked = {each["what"]: each for each in postgres_shell("doctor", "--json").json}["database"]
    assert (looked["grade"], "Run: jobmon db upgrade" in looked["text"]) == ("bad", True)
    made = postgres_shell("init", "--admin", "eve", "--password-stdin", stdin="long enough\n")
    assert (made.code, "Run: jobmon db upgrade" in made.err) == (6, True)
    assert postgres_shell("db", "current", "--json").json["schema"] == old
    done = postgres_shell("db", "upgrade")
    assert done.out == f"The schema was brought from {old} to {next_release}.\n"
    assert postgres_shell("db", "upgrade", "--json").json == {"before": next_release, "schema": next_release}
    assert postgres_shell("list").code == 0


def test_of_two_upgrades_at_once_one_waits(
    postgres_shell: Shell, postgres_database: str, next_release: str
) -> None:
    answers: list[object] = []
    source = PgSource(postgres_database, "jobmon")
    threads = [
        threading.Thread(target=lambda: answers.append(asyncio.run(upgrade(source)))) for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert answers == [None] * 4
    assert postgres_shell("db", "current", "--json").json["schema"] == next_release
    assert postgres_shell("db", "check").code == 0


class Busy(threading.Thread):
    """A worker of the release before, which claims and finishes all the time."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.done = threading.Event()
        self.begun = threading.Event()
        self.claimed: list[int] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001
            self.error = error

    async def _main(self) -> None:
        database = PostgresDatabase(PgSource(self.url, "jobmon"))
        async with database:
            queue = DatabaseQueue(database)
            await queue.register(INFO)
            while not self.done.is_set():
                await database.write(queue_one)
                _offered, won = await queue.take(4, INFO.name)
                self.claimed += [each.id for each in won]
                self.begun.set()


def test_workers_of_the_release_before_claim_on_while_the_schema_grows(
    postgres_shell: Shell, postgres_database: str, next_release: str
) -> None:
    busy = Busy(postgres_database)
    busy.start()
    try:
        assert busy.begun.wait(20)
        before = len(busy.claimed)
        assert postgres_shell("db", "upgrade").code == 0
        assert postgres_shell("db", "current", "--json").json["schema"] == next_release
        after = len(busy.claimed)
        while busy.is_alive() and len(busy.claimed) < after + 10:
            time.sleep(0.01)
    finally:
        busy.done.set()
        busy.join(20)
    assert busy.error is None
    assert 0 < before < len(busy.claimed)
    assert len(set(busy.claimed)) == len(busy.claimed)


def test_an_upgrade_waits_in_short_turns_for_who_holds_a_table(
    postgres_shell: Shell, postgres_database: str, next_release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobmon_tui.storage.postgres.schema._TURN", "200ms")
    monkeypatch.setattr("jobmon_tui.storage.postgres.schema._PAUSE", 0.3)

    async def main() -> list[str]:
        source = PgSource(postgres_database, "jobmon")
        holding = await source.connect()
        await holding.execute("BEGIN; UPDATE job_execution_log SET error = NULL")
        order: list[str] = []

        async def going_up() -> None:
            await upgrade(source)
            order.append("upgraded")

        task = asyncio.create_task(going_up())
        waits = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        watching = await source.connect()
        while not await watching.fetchval(waits):
            assert not task.done()
            await asyncio.sleep(0.01)
        await watching.close()
        working = PostgresDatabase(source)
        async with working:
            # Whoever writes meanwhile stands behind the upgrade for one turn at most, and never fails.
            for _ in range(3):
                await working.write(queue_one)
                order.append("queued")
            await holding.execute("COMMIT")
            await task
            await holding.close()
        return order

    assert asyncio.run(main()) == ["queued"] * 3 + ["upgraded"]


def test_a_program_that_is_too_old_is_told_so(postgres_shell: Shell, postgres_database: str) -> None:
    postgres.execute(postgres_database, "UPDATE alembic_version SET version_num = '9999'")
    for arguments in (("list",), ("db", "upgrade"), ("db", "check"), ("worker",)):
        refused = postgres_shell(*arguments)
        assert (refused.code, refused.out) == (6, "")
        assert "made by a newer jobmon (schema 9999). Upgrade this program." in refused.err


def test_upgrade_fills_an_empty_database_and_puts_back_a_rule(
    postgres_shell: Shell, postgres_url: str
) -> None:
    with postgres.database(postgres_url, "template1") as url:
        postgres_shell.set(JOBMON_DATABASE_URL=url)
        refused = postgres_shell("list")
        assert "has not been set up. Run: jobmon init --admin NAME" in refused.err
        done = postgres_shell("db", "upgrade")
        assert done.out == f"The schema was brought from nothing to {head_revision()}.\n"
        postgres.execute(url, "DROP TRIGGER audit_append_only ON audit_log")
        assert postgres_shell("db", "upgrade").out == f"The schema is up to date ({head_revision()}).\n"
        assert postgres_shell("db", "check").code == 0

"""`db copy` as it is typed."""

import asyncio
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobmon_tui.database_location import parse_location
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.schema import head_revision
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from scheduler.ports import WorkerInfo
from tests import postgres
from tests.cli.shell import Shell
from tests.conformance.world import DRAFT, NOW, many

ROOT = Path(__file__).parents[2]


@pytest.fixture
def full(shell: Shell) -> Shell:
    shell.write(lambda transaction: transaction.add_report(DRAFT, NOW))
    shell.write(many(range(1, 201), "Failed", NOW))
    assert shell("retry", "7").code == 0
    return shell


def test_there_and_back_again(full: Shell, postgres_url: str) -> None:
    listed, source = full("list", "--limit", "1000", "--json").json, f"sqlite:///{full.path}"
    with postgres.database(postgres_url, "template1") as given:
        url = parse_location(given).place
        done = full("db", "copy", "--from", source, "--to", url)
        assert (done.code, done.err) == (0, "")
        assert "201 executions, 1 reports, 2 accounts." in done.out
        assert "chain of 1 entries holds on both ends" in done.out
        assert f"set JOBMON_DATABASE_URL='{url}', and sign in again" in done.out
        # Signed in again, everything is there.
        back = full.folder / "back.db"
        full.set(JOBMON_DATABASE_URL=url)
        assert full("list").code == 3
        again = full("db", "copy", "--to", f"sqlite:///{back}", "--with-sessions", "--json")
        assert (again.code, again.err) == (0, "")
        assert again.json["copied"]["job_execution_log"] == 201
        assert {key: again.json[key] for key in ("from", "to", "resumed", "audit_entries")} == {
            "from": url,
            "to": str(back),
            "resumed": False,
            "audit_entries": 2,
        }
        assert stat.S_IMODE(back.stat().st_mode) == 0o600
        full.set(JOBMON_DATABASE_URL=source)
        third = full.folder / "third.db"
        assert full("db", "copy", "--to", f"sqlite:///{third}", "--with-sessions").code == 0
        full.set(JOBMON_DATABASE_URL=f"sqlite:///{third}")
        assert full("list", "--limit", "1000", "--json").json == listed
        assert full("db", "check").code == 0


def test_what_cannot_be_copied_is_told(full: Shell, postgres_database: str) -> None:
    source, empty = f"sqlite:///{full.path}", f"sqlite:///{full.folder / 'empty.db'}"
    for arguments, code, said in (
        (("--to", source), 2, "name the same database"),
        (("--from", f"sqlite:///{full.folder / 'none.db'}", "--to", empty), 6, "There is no database at"),
        (("--to", "mysql://x"), 2, "The database URL is malformed"),
        (("--to", "postgresql://bob@127.0.0.1:1/x"), 6, "cannot be reached: Connection refused"),
        (("--to", f"sqlite:///{full.folder}"), 6, "is a folder"),
        (("--from", postgres_database, "--to", source), 5, "holds data already"),
    ):
        refused = full("db", "copy", *arguments)
        assert (refused.code, refused.out) == (code, ""), arguments
        assert said in refused.err
        assert refused.err.count("\n") == 1
    assert not (full.folder / "empty.db").exists()
    assert full("db", "check").code == 0

    async def older() -> None:
        async with await SqliteDatabase.open(full.path) as database:
            await DatabaseQueue(database).register(WorkerInfo("far:1", "far", 1, "0.1", 4))

    asyncio.run(older())
    refused = full("db", "copy", "--to", postgres_database)
    assert (refused.code, refused.out) == (5, "")
    assert "Workers run on the database jobmon.db: far (pid 1). Stop them first." in refused.err
    assert full("db", "copy", "--to", postgres_database, "--while-workers-run").code == 0
    postgres.execute(postgres_database, "UPDATE alembic_version SET version_num = '0001'")
    refused = full("db", "copy", "--from", postgres_database, "--to", empty)
    assert (refused.code, "Run: jobmon db upgrade" in refused.err) == (6, True)
    postgres.execute(postgres_database, "UPDATE alembic_version SET version_num = '9999'")
    for way in (("--from", postgres_database, "--to", empty), ("--to", postgres_database)):
        refused = full("db", "copy", *way)
        assert (refused.code, "made by a newer jobmon (schema 9999)" in refused.err) == (6, True)


def test_a_row_that_postgresql_does_not_take_is_named(full: Shell, postgres_database: str) -> None:
    full.write(many(range(300, 301), "Failed", NOW, "with \0 in it"))
    refused = full("db", "copy", "--to", postgres_database)
    assert (refused.code, refused.out) == (2, "")
    assert "takes no row of job_execution_log as it is: " in refused.err
    assert "\n" not in refused.err.strip()


def command(full: Shell, url: str) -> list[str]:
    return [sys.executable, "-m", "jobmon_tui", "db", "copy", "--from", f"sqlite:///{full.path}", "--to", url]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_the_middle_it_goes_on(
    full: Shell, postgres_database: str, number: signal.Signals
) -> None:
    full.write(many(range(1_000, 16_000), "Succeeded", NOW))
    copying = subprocess.Popen(command(full, postgres_database), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    some = "SELECT count(*) FROM (SELECT 1 FROM job_execution_log LIMIT 500) AS few"
    while postgres.execute(postgres_database, some) != [(500,)]:
        assert copying.poll() is None, copying.communicate()
        assert time.monotonic() < until
    copying.send_signal(number)
    _out, said = copying.communicate(timeout=20)
    [(half,)] = postgres.execute(postgres_database, "SELECT count(*) FROM job_execution_log")
    assert 0 < int(str(half)) < 15_201
    if number is signal.SIGINT:
        assert copying.returncode == 130
        assert said == "Interrupted. Run the same command again: it goes on where it stopped.\n"
    full.set(JOBMON_DATABASE_URL=postgres_database)
    assert "Run the same jobmon db copy again" in full("list").err
    assert full("db", "current", "--json").json["schema"] == f"copying {head_revision()}"
    full.set(JOBMON_DATABASE_URL=f"sqlite:///{full.path}")
    done = full("db", "copy", "--to", postgres_database, "--json")
    assert (done.code, done.json["resumed"]) == (0, True)
    assert done.json["copied"]["job_execution_log"] + half == 15_201


def test_a_bar_is_shown_on_a_terminal(full: Shell, postgres_database: str) -> None:
    main, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    done = subprocess.run(
        command(full, postgres_database), cwd=ROOT, stderr=terminal, capture_output=False,
        stdout=subprocess.PIPE, env=environment, timeout=60, check=True,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while True:
        try:
            shown += os.read(main, 65_536)
        except OSError:
            break
    os.close(main)
    assert b"Copying executions" in shown
    assert b"201/201" in shown or b"200/200" in shown
    assert "━".encode() in shown
    assert done.stdout.startswith(b"Copied to postgresql://")


def test_while_it_is_copied_nobody_starts_on_it(full: Shell, postgres_database: str) -> None:
    postgres.execute(
        postgres_database, f"UPDATE alembic_version SET version_num = 'copying {head_revision()}'"
    )

    async def opens() -> None:
        await PostgresDatabase.open(PgSource(postgres_database, "jobmon"))

    with pytest.raises(Exception, match="has not been finished"):
        asyncio.run(opens())
    postgres.execute(postgres_database, "UPDATE alembic_version SET version_num = 'copying 0001'")
    refused = full("db", "copy", "--to", postgres_database)
    assert (refused.code, "begun by another version of jobmon" in refused.err) == (5, True)

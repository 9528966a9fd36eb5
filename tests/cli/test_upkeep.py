"""`db prune` and `db backup` as they are typed."""

import sqlite3
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.times import parse_age
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from jobmon_tui.storage.sqlite.health import check_file
from tests.cli.shell import Shell
from tests.conformance.world import history

NOW = datetime.now(UTC)
OLD, NEW = NOW - timedelta(days=100), NOW - timedelta(days=10)


@pytest.fixture
async def full(shell: Shell) -> Shell:
    rows = [(1, "Succeeded", None, OLD), (2, "Failed", None, OLD), (3, "Succeeded", None, NEW)]
    async with await SqliteDatabase.open(shell.path) as database:
        await database.write(history(rows))
    return shell


def left(shell: Shell) -> list[int]:
    database = sqlite3.connect(shell.path)
    try:
        return [row[0] for row in database.execute("SELECT id FROM job_execution_log ORDER BY id")]
    finally:
        database.close()


def test_pruning_is_tried_asked_and_told(full: Shell) -> None:
    tried = full("db", "prune", "--older-than", "90d", "--dry-run")
    assert (tried.code, tried.err) == (0, "")
    assert tried.out.startswith("1 execution would be deleted: finished before ")
    refused = full("db", "prune", "--older-than", "90d")
    assert (refused.code, refused.out) == (2, "")
    assert "Delete 1 execution that finished before" in refused.err
    assert "--yes" in refused.err
    assert left(full) == [1, 2, 3]
    # No session is needed: only the file.
    full.set(JOBMON_TOKEN=None)
    done = full("db", "prune", "--older-than", "90d", "--yes")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Deleted 1 execution. Report files on disk were left alone.\n")
    assert f"sqlite3 {full.path} VACUUM" in done.out
    assert left(full) == [2, 3]
    assert "Nothing to delete" in full("db", "prune", "--older-than", "90d").out
    asked = full("db", "prune", "--older-than", "12w", "--include-failed", "--yes", "--json")
    assert {key: asked.json[key] for key in ("dry_run", "matching", "deleted")} == {
        "dry_run": False,
        "matching": 1,
        "deleted": 1,
    }
    assert left(full) == [3]
    full.set(JOBMON_TOKEN="admin-token")
    audited = full("audit", "list", "--json").json
    assert {(each["actor"], each["action"]) for each in audited} == {("system", "Database Prune")}
    assert "user=" in audited[0]["origin"]
    assert full("audit", "verify").code == 0


@pytest.mark.parametrize("age", ["", "0d", "-1d", "90", "90x", "later", "101y", "9999999999d", "９d", "0"])
def test_an_age_that_is_none_is_refused(full: Shell, age: str) -> None:
    refused = full("db", "prune", f"--older-than={age}", "--yes")
    if age == "90":
        # Ninety seconds: a plain number is seconds everywhere.
        assert refused.code == 0
        return
    assert (refused.code, refused.out) == (2, "")
    assert "--older-than" in refused.err
    assert left(full) == [1, 2, 3]


def test_ages_are_read() -> None:
    day = 86_400
    for text, seconds in (("90d", 90 * day), ("2w", 14 * day), ("2y", 730 * day), ("1d12h", 1.5 * day)):
        assert parse_age(text, "--older-than") == seconds
    with pytest.raises(JobmonError, match="90d, 12w or 2y"):
        parse_age("soon", "--older-than")


def test_a_backup_says_how_it_is_restored_and_that_works(full: Shell, tmp_path: Path) -> None:
    full.set(JOBMON_TOKEN=None)
    copy = tmp_path / "my copies" / "monday.db"
    copy.parent.mkdir()
    done = full("db", "backup", str(copy))
    assert (done.code, done.err) == (0, "")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert check_file(copy).is_good
    assert full("db", "backup", str(copy)).code == 5
    assert full("db", "backup", str(copy), "--force", "--json").json["path"] == str(copy)
    assert full("db", "prune", "--older-than", "90d", "--include-failed", "--yes").code == 0
    assert left(full) == [3]
    command = done.out.strip().rpartition("then run: ")[2]
    subprocess.run(command, shell=True, check=True)
    assert left(full) == [1, 2, 3]
    assert full("db", "check").code == 0


def test_the_help_teaches_both(full: Shell) -> None:
    assert "jobmon db prune --older-than 90d --dry-run" in full("db", "prune", "--help").out
    assert "jobmon db backup" in full("db", "--help").out

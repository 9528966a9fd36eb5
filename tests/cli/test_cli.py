"""The commands, as processes on a real database file."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.storage.sqlite import SqliteDatabase

PASSWORD = "correct horse"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Host:
    """A user's shell with its own database."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "jobmon.db"
        keep = {k: v for k, v in os.environ.items() if not k.startswith("JOBMON_")}
        self.env = keep | {"JOBMON_DATABASE_URL": f"sqlite:///{self.path}", "HOME": str(folder)}

    def jobmon(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jobmon_tui", *arguments],
            input=stdin, capture_output=True, text=True, env=self.env, check=False, timeout=60,
        )  # fmt: skip

    def write(self, work: object) -> object:
        async def main() -> object:
            async with await SqliteDatabase.open(self.path) as database:
                return await database.write(work)  # type: ignore[arg-type]

        return asyncio.run(main())


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    created = made.jobmon("init", "--admin", "ada", "--password-stdin", stdin=PASSWORD)
    assert created.returncode == 0, created.stderr
    token = made.jobmon("login", "ada", "--password-stdin", "--print-token", stdin=PASSWORD).stdout.strip()
    assert token
    made.env["JOBMON_TOKEN"] = token
    return made


def test_the_story_by_command(host: Host) -> None:
    assert json.loads(host.jobmon("whoami", "--json").stdout) == {"name": "ada", "role": "Administrator"}
    host.write(lambda t: t.add_report(ReportDraft("Sales", "sql", {"query": "select 1"}), NOW))
    queued = json.loads(host.jobmon("run", "Sales", "--json").stdout)
    assert (queued["id"], queued["status"], queued["trigger"]) == (1, "Queued", "manual")
    refused = host.jobmon("retry", "1", "--json")
    assert refused.returncode == 5
    assert json.loads(refused.stdout)[0]["code"] == "not_retryable"
    import sqlite3

    raw = sqlite3.connect(host.path)
    raw.execute("UPDATE job_execution_log SET status = 'Running'")
    raw.execute("UPDATE job_execution_log SET status = 'Failed'")
    raw.commit()
    raw.close()
    retried = host.jobmon("retry", "1", "99", "--json")
    assert retried.returncode == 4
    first, second = json.loads(retried.stdout)
    assert (first["ok"], first["new_id"], second["code"]) == (True, 2, "execution_not_found")
    shown = json.loads(host.jobmon("show", "2", "--json").stdout)
    assert (shown["retry_of"], shown["configuration"]["name"]) == (1, "Sales")
    assert [each["id"] for each in shown["lineage"]] == [1, 2]
    assert [each["id"] for each in json.loads(host.jobmon("list", "--json").stdout)] == [2, 1]
    assert host.jobmon("cancel", "2").returncode == 0
    assert host.jobmon("cancel", "2").returncode == 5
    verified = json.loads(host.jobmon("audit", "verify", "--json").stdout)
    assert verified["ok"] is True
    actions = [each["action"] for each in json.loads(host.jobmon("audit", "list", "--json").stdout)]
    assert "Job Retry" in actions


def test_refusals_have_their_exit_codes(host: Host) -> None:
    wrong = host.jobmon("login", "ada", "--password-stdin", "--print-token", stdin="wrong password")
    nobody = host.jobmon("login", "nobody", "--password-stdin", "--print-token", stdin="wrong password")
    assert (wrong.returncode, wrong.stdout) == (3, "")
    assert wrong.stderr == nobody.stderr
    assert host.jobmon("show", "5").returncode == 4
    assert host.jobmon("run", "nothing").returncode == 4
    assert host.jobmon("init", "--admin", "eve", "--password-stdin", stdin=PASSWORD).returncode == 5
    assert host.jobmon("logout").returncode == 0
    assert host.jobmon("list").returncode == 3
    for url in ("nonsense", "postgresql://u@h/d", "sqlite://", "mysql://u:secret@h/d"):
        host.env["JOBMON_DATABASE_URL"] = url
        malformed = host.jobmon("list")
        assert malformed.returncode == 2
        assert "secret" not in malformed.stderr
        assert malformed.stderr.count("\n") == 1


def test_a_missing_database_says_how_to_make_one(tmp_path: Path) -> None:
    missing = Host(tmp_path).jobmon("list")
    assert missing.returncode == 6
    assert "jobmon init" in missing.stderr
    short = Host(tmp_path).jobmon("init", "--admin", "ada", "--password-stdin", stdin="short")
    assert short.returncode == 2

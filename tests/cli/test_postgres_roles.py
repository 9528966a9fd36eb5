"""The SQL in docs/postgresql.md, as it stands there: what each account may do under it, and what not."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests import postgres
from tests.cli.shell import Answer, Shell
from tests.postgres_guarded import Guarded, guarded_server

PAGE = Path(__file__).parents[2] / "docs" / "postgresql.md"
OWNER, MEMBER, VIEWER = "jobmon_owner", "jobmon", "jobmon_viewer"
REPORTS = """
[[report]]
name = "Fails"
runner = "command"
[report.parameters]
command = ["false"]
"""


def sql(who: str) -> list[str]:
    """Return the statements of the page that begin with this comment."""
    (found,) = re.findall(rf"```sql\n-- {re.escape(who)}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [each.strip() for each in found.split(";") if each.strip()]


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    """A server whose superuser has followed the page as far as the tables."""
    with guarded_server() as made:
        for statement in sql("superuser"):
            postgres.execute(made.url(), statement)
        for name in (OWNER, MEMBER, VIEWER):
            postgres.execute(made.url(), f"ALTER ROLE {name} PASSWORD '{name}'")
        for statement in sql("superuser, in jobmon"):
            postgres.execute(made.url(name="jobmon"), statement)
        yield made


As = Callable[..., Answer]


@pytest.fixture
def acting(bare: Shell, guarded: Guarded) -> As:
    """Run a command under an account of the database."""

    def run(who: str, *arguments: str, stdin: str = "") -> Answer:
        bare.set(JOBMON_DATABASE_URL=guarded.url(who, who, "jobmon"))
        return bare(*arguments, stdin=stdin)

    return run


def refused(guarded: Guarded, who: str, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        postgres.execute(guarded.url(who, who, "jobmon"), statement)


def work_until_idle(guarded: Guarded) -> None:
    """Let a worker of its own process run what is Queued."""
    url = guarded.url(MEMBER, MEMBER, "jobmon")
    environment = {**os.environ, "JOBMON_DATABASE_URL": url}
    worker = subprocess.Popen(
        [sys.executable, "-m", "jobmon_tui", "worker"], env=environment, cwd=PAGE.parents[1]
    )
    try:
        until = time.monotonic() + 30
        while postgres.execute(url, "SELECT 1 FROM job_execution_log WHERE status IN ('Queued', 'Running')"):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0


def test_each_account_may_do_its_own_and_no_more(bare: Shell, acting: As, guarded: Guarded) -> None:
    # Before the tables are there, whoever may not make them says what to do.
    early = acting(MEMBER, "db", "upgrade")
    assert (early.code, early.out) == (6, "")
    assert "this account may not do that" in early.err
    assert acting(OWNER, "db", "upgrade").out.startswith("The schema was brought from nothing to ")
    for _ in range(2):  # it is run again after each upgrade
        for statement in sql(OWNER):
            postgres.execute(guarded.url(OWNER, OWNER, "jobmon"), statement)

    assert acting(MEMBER, "init", "--admin", "ada", "--password-stdin", stdin="correct horse\n").code == 0
    token = acting(
        MEMBER, "login", "ada", "--print-token", "--password-stdin", stdin="correct horse\n"
    ).out.strip()
    bare.set(JOBMON_TOKEN=token)
    (bare.folder / "reports.toml").write_text(REPORTS)
    assert acting(MEMBER, "reports", "import", "reports.toml").code == 0
    assert acting(MEMBER, "run", "Fails").code == 0
    work_until_idle(guarded)
    assert acting(MEMBER, "retry", "1", "--json").json[0]["new_id"] == 2
    work_until_idle(guarded)
    assert acting(MEMBER, "run", "Fails").code == 0
    assert acting(MEMBER, "cancel", "3").code == 0
    assert acting(MEMBER, "reports", "delete", "Fails", "--yes").code == 0
    assert (
        acting(
            MEMBER, "users", "add", "vic", "--role", "Viewer", "--password-stdin", stdin="staple it\n"
        ).code
        == 0
    )
    assert acting(MEMBER, "audit", "verify").code == 0
    assert acting(MEMBER, "db", "check").code == 0

    listed = acting(VIEWER, "list", "--json").json
    assert [(each["id"], each["status"]) for each in listed] == [
        (3, "Cancelled"),
        (2, "Failed"),
        (1, "Failed"),
    ]
    for looking in (
        ("show", "1"),
        ("output", "1"),
        ("audit", "list"),
        ("workers",),
        ("db", "check"),
        ("whoami",),
    ):
        assert acting(VIEWER, *looking).code == 0, looking
    for who, doing in (
        (VIEWER, ("retry", "2")),
        (VIEWER, ("login", "ada", "--print-token", "--password-stdin")),
        (VIEWER, ("users", "list")),
        (VIEWER, ("db", "copy", "--to", guarded.url(VIEWER, None, "jobmon"))),
        (MEMBER, ("db", "prune", "--older-than", "0.001", "--include-failed", "--yes")),
    ):
        answer = acting(who, *doing, stdin="correct horse\n")
        assert answer.code in {2, 6}, doing
        assert answer.out == ""
        assert answer.err.count("\n") == 1
        if doing[:2] != ("db", "copy"):
            assert "this account may not do that. See docs/postgresql.md for its rights." in answer.err
    assert acting(MEMBER, "db", "upgrade").out.startswith("The schema is up to date")
    assert acting(OWNER, "db", "prune", "--older-than", "0.001", "--include-failed", "--yes").code == 0
    assert acting(MEMBER, "audit", "verify").code == 0

    said = {each["what"]: each for each in acting(MEMBER, "doctor", "--json").json}
    assert said["database rights"] == {
        "what": "database rights",
        "grade": "ok",
        "text": "“jobmon” may look, retry and run; not upgrade",
        "mend": None,
    }
    looks = {each["what"]: each for each in acting(VIEWER, "doctor", "--json").json}["database rights"]
    assert looks["grade"] == "warn"
    assert "may only look; it lacks UPDATE on audit_head, INSERT on audit_log" in looks["text"]
    owns = {each["what"]: each for each in acting(OWNER, "doctor", "--json").json}["database rights"]
    assert owns["text"] == "“jobmon_owner” may do everything"

    for statement in (
        "UPDATE audit_log SET actor = 'eve'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "DELETE FROM audit_head",
        "DELETE FROM job_execution_log",
        "INSERT INTO retention_pass VALUES (1)",
        "UPDATE alembic_version SET version_num = '9'",
        "ALTER TABLE audit_log DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_append_only ON audit_log",
        "CREATE TABLE mine (id int)",
    ):
        refused(guarded, MEMBER, statement)
        refused(guarded, VIEWER, statement)
    for statement in ("SELECT password_hash FROM user_account", "UPDATE job_execution_log SET error = 'x'"):
        refused(guarded, VIEWER, statement)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        postgres.execute(guarded.url(OWNER, OWNER, "jobmon"), "DELETE FROM audit_log")


def test_what_an_upgrade_adds_is_there_for_everybody_at_once(acting: As, guarded: Guarded) -> None:
    acting(OWNER, "db", "upgrade")
    owner = guarded.url(OWNER, OWNER, "jobmon")
    for statement in sql(OWNER):
        postgres.execute(owner, statement)
    postgres.execute(owner, "CREATE TABLE IF NOT EXISTS of_a_later_release (id bigserial PRIMARY KEY)")
    postgres.execute(guarded.url(MEMBER, MEMBER, "jobmon"), "INSERT INTO of_a_later_release DEFAULT VALUES")
    assert postgres.execute(guarded.url(VIEWER, VIEWER, "jobmon"), "SELECT id FROM of_a_later_release") == [
        (1,)
    ]

"""The whole story in a real terminal: sign in, see a failed job, mend it, press r, see it succeed."""

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.host import ADMIN, PASSWORD, Host
from tests.e2e.terminal import Terminal

NEEDS_A_FILE = (
    "import pathlib, sys, time\n"
    "time.sleep(1)\n"
    "if not pathlib.Path('stock.txt').exists():\n"
    "    sys.exit('stock.txt is missing')\n"
    "print('stock counted')\n"
)


def _rows(host: Host, query: str) -> list[dict[str, Any]]:
    database = sqlite3.connect(f"file:{host.database}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in database.execute(query)]
    finally:
        database.close()


@pytest.fixture
def failing(host: Host) -> Host:
    """A host whose report fails until a file is there, queued once, with nobody signed in at the terminal."""
    host.add_command("Stock", NEEDS_A_FILE)
    host.queue("Stock")
    return host


@pytest.fixture(params=[(80, 24), (120, 40)], ids=["80x24", "120x40"])
def terminal(request: pytest.FixtureRequest, failing: Host) -> Iterator[Terminal]:
    columns, rows = request.param
    environment = {name: value for name, value in failing.environment.items() if name != "JOBMON_TOKEN"}
    opened = Terminal([], environment, columns=columns, rows=rows)
    yield opened
    opened.close()


@pytest.mark.story("AC-001")
@pytest.mark.story("AC-002")
@pytest.mark.story("AC-003")
@pytest.mark.story("AC-006")
def test_ac_001_from_sign_in_to_succeeded_in_a_real_terminal(failing: Host, terminal: Terminal) -> None:
    terminal.wait_for("Sign in")
    terminal.press(ADMIN, "tab", PASSWORD, "enter")
    brief = "stock.txt is missing" if terminal.columns >= 120 else "stock.txt"
    terminal.wait_for("#1", "✗ Failed", "↻ Retry", brief)
    assert f"{ADMIN} Administrator" in terminal.text
    assert PASSWORD not in terminal.text
    [before] = _rows(failing, "SELECT * FROM job_execution_log WHERE id = 1")
    (failing.folder / "stock.txt").write_text("12\n", encoding="utf-8")
    terminal.press("r")
    terminal.wait_for("“Stock” #1 was queued again as #2")
    terminal.wait_for("#2", "▸ Running")
    terminal.wait_for("✓ Succeeded 1", *(["retry of #1"] if terminal.columns >= 120 else []))
    first, second = _rows(failing, "SELECT * FROM job_execution_log ORDER BY id")
    assert first == before
    assert (second["status"], second["retry_of"], second["trigger"]) == ("Succeeded", 1, "retry")
    assert second["configuration"] == first["configuration"]
    [audited] = _rows(failing, "SELECT * FROM audit_log WHERE action = 'Job Retry'")
    assert (audited["actor"], audited["execution_id"], audited["new_execution_id"]) == (ADMIN, 1, 2)
    assert audited["outcome"] == "allowed"
    assert audited["origin"].startswith("dashboard uid=")
    terminal.press("q")
    assert terminal.wait_end() == 0


def test_a_hang_up_of_the_terminal_ends_the_reports_that_run_in_it_and_says_so(failing: Host) -> None:
    failing.add_command("endless", "import time\nwhile True:\n    time.sleep(1)\n")
    queued = failing.queue("endless")
    terminal = Terminal([], failing.environment)
    try:
        terminal.wait_for("▸ Running")
        failing.wait_for_status(queued, ["Running"])
        terminal.child.kill(signal.SIGHUP)
        terminal.wait_end()
    finally:
        terminal.close()
    ended = failing.json("show", str(queued))
    assert (ended["status"], ended["error"]) == ("Failed", "terminal closed")
    assert _rows(failing, "SELECT * FROM worker") == []


def test_quitting_asks_first_while_reports_run_here_and_drains(failing: Host) -> None:
    failing.add_command("slow", "import time\ntime.sleep(6)\nprint('done')\n")
    terminal = Terminal([], failing.environment)
    try:
        terminal.wait_for("✗ Failed 1")
        queued = failing.queue("slow")
        terminal.wait_for("slow", "▸ Running")
        terminal.press("q")
        terminal.wait_for("1 report runs inside this dashboard. Quit?")
        terminal.press("w")
        terminal.wait_for("Waiting for #2", "What still runs in")
        assert terminal.wait_end(seconds=30) == 0
    finally:
        terminal.close()
    failing.wait_for_status(queued, ["Succeeded"], seconds=0)


def test_a_database_that_went_away_is_said_keeps_the_rows_and_takes_no_retry(failing: Host) -> None:
    worker = failing.start_worker()
    failing.wait_for_status(1, ["Failed"])
    worker.terminate()
    worker.wait(timeout=30)
    terminal = Terminal(["--scheduler", "off"], failing.environment, columns=120, rows=40)
    away = failing.folder / "away"
    away.mkdir()
    try:
        terminal.wait_for("#1", "✗ Failed", "● live")
        for each in failing.folder.glob("jobmon.db*"):
            each.rename(away / each.name)
        terminal.wait_for("not connected", "was moved or deleted while it was open")
        assert "#1" in terminal.text
        terminal.press("r")
        terminal.wait_for("✗ The database jobmon.db was moved or deleted")
        for each in away.iterdir():
            each.rename(failing.folder / each.name)
        terminal.wait_for("● live", seconds=30)
        terminal.press("q")
        assert terminal.wait_end() == 0
    finally:
        terminal.close()
    assert [row["id"] for row in _rows(failing, "SELECT id FROM job_execution_log")] == [1]


def test_the_first_run_creates_the_first_administrator_on_the_screen(tmp_path: Path) -> None:
    host = Host(tmp_path)
    terminal = Terminal([], host.environment)
    try:
        terminal.wait_for("Administrator")
        terminal.press("grace", "tab", PASSWORD, "tab", PASSWORD, "enter")
        terminal.wait_for("grace Administrator", "Press n")
        terminal.press("q")
        assert terminal.wait_end() == 0
    finally:
        terminal.close()
    assert [row["name"] for row in _rows(host, "SELECT name FROM user_account")] == ["grace"]
    assert host.database.stat().st_mode & 0o777 == 0o600


def test_the_demo_is_signed_in_and_mends_its_failing_report_by_keys_alone(tmp_path: Path) -> None:
    host = Host(tmp_path)
    (tmp_path / "tmp").mkdir()
    terminal = Terminal(["demo"], {**host.environment, "TMPDIR": str(tmp_path / "tmp")}, columns=120, rows=40)
    try:
        terminal.wait_for("demo Administrator", "inbox/targets.csv is missing", seconds=30)
        terminal.press("/", "Delay targets", "enter")
        terminal.wait_gone("Departures by airport")
        terminal.press("p")
        terminal.wait_for("is in place")
        terminal.press("r")
        terminal.wait_for("was queued again as")
        terminal.wait_for("retry of #6")
        terminal.press("ctrl+q")
        terminal.read(1.0)
        if terminal.child.isalive():
            terminal.press("s")
        assert terminal.wait_end(seconds=40) == 0
    finally:
        terminal.close()
    assert list((tmp_path / "tmp").iterdir()) == []

"""The dashboard, its lines and `watch` on a real terminal, on a database that somebody has poisoned."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jobmon_tui.tui.screens.changed import ChangedScreen
from jobmon_tui.tui.screens.columns import ColumnsScreen
from jobmon_tui.tui.screens.first_run import FirstRunScreen
from jobmon_tui.tui.screens.help import HelpScreen
from jobmon_tui.tui.screens.lock import LockScreen
from jobmon_tui.tui.screens.quit import DrainScreen, QuitScreen
from jobmon_tui.tui.screens.sign_in import SignInScreen
from jobmon_tui.tui.screens.waiting import WaitingScreen
from tests.cli.shell import TOKENS, add_people, write
from tests.e2e.terminal import Terminal
from tests.hostile import ALL, poison, populate, sent
from tests.tui.every_screen import every_screen

VISITS: dict[str, tuple[str, ...]] = {
    "DashboardScreen": ("down", "up", "enter"),
    "FullOutputScreen": ("v",),
    "AuditScreen": ("a", "enter"),
    "MessagesScreen": ("m",),
    "WorkersScreen": ("w", "enter"),
    "ReportsScreen": ("s", "enter"),
    "ReportFormScreen": ("s", "e"),
    "ConfirmScreen": ("s", "D"),
    "PickReportScreen": ("n",),
    "PaletteScreen": (":",),
}
NOTHING_OF_THE_DATABASE = {
    each.__name__
    for each in (
        *(HelpScreen, ColumnsScreen, SignInScreen, FirstRunScreen, WaitingScreen),
        *(QuitScreen, DrainScreen, ChangedScreen),  # numbers, and what a service says, as toasts do
        LockScreen,  # whose session it is, as the header does
    )
}


def test_every_screen_is_visited_or_shows_nothing_of_the_database() -> None:
    found = {each.__name__ for each in every_screen()}
    assert found <= set(VISITS) | NOTHING_OF_THE_DATABASE, "a new screen: visit it here"


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("poisoned") / "jobmon.db"
    write(path, add_people)
    write(path, populate)
    poison(path, ALL)
    return path


@pytest.fixture
def environment(poisoned: Path, tmp_path: Path) -> dict[str, str]:
    shutil.copy(poisoned, tmp_path / "jobmon.db")
    return {
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
        "HOME": str(tmp_path),
        "JOBMON_DATABASE_URL": f"sqlite:///{tmp_path}/jobmon.db",
        "JOBMON_TOKEN": TOKENS["ada"],
        "JOBMON_LOG_FILE": str(tmp_path / "log"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


@pytest.fixture
def opened(environment: dict[str, str]) -> Iterator[Terminal]:
    terminal = Terminal(["--scheduler", "off"], environment, columns=120, rows=40)
    yield terminal
    terminal.close()


def test_no_screen_sends_the_terminal_a_payload(opened: Terminal, tmp_path: Path) -> None:
    opened.wait_for("PWNED", "Failed")
    opened.press("\x1b[F", "r")  # the oldest one, which failed
    for screen, keys in VISITS.items():
        until = time.monotonic() + 20
        while True:
            opened.press(*keys)
            opened.read(0.3)
            if "PWNED" in opened.text or screen == "PaletteScreen":
                break
            # Not yet read, or said: once more.
            assert time.monotonic() < until, f"{screen}:\n{opened.text}"
            opened.press("escape", "escape")
            opened.read(0.3)
        opened.press("escape", "escape")
        opened.read(0.3)
    assert sent(bytes(opened.written)) == []
    opened.press("ctrl+q")
    assert opened.wait_end() == 0
    assert not (tmp_path / "log").exists()
    assert sent(bytes(opened.written)) == []


def test_no_line_sends_the_terminal_a_payload(environment: dict[str, str]) -> None:
    terminal = Terminal(["--linear", "--scheduler", "off"], environment, columns=100, rows=40)
    try:
        terminal.wait_for("Command:")
        for said in ("list", "show 1", "output 1", "reports", "workers", "audit", "retry 1", "help"):
            terminal.press(f"{said}\r")
            terminal.read(0.3)
        assert sent(bytes(terminal.written)) == []
        assert b"unforeseen" not in terminal.written
        assert terminal.written.count(b"PWNED") > 10
        terminal.press("quit\r")
        assert terminal.wait_end() == 0
    finally:
        terminal.close()


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_watch_sends_the_terminal_no_payload(environment: dict[str, str], flags: tuple[str, ...]) -> None:
    terminal = Terminal(["watch", *flags], environment, columns=200, rows=40)
    try:
        terminal.read(1.5)
        with closing(sqlite3.connect(Path(environment["HOME"]) / "jobmon.db")) as raw, raw:
            raw.execute("UPDATE job_execution_log SET status = 'Cancelled' WHERE id = 2")
        terminal.wait_for("PWNED")
        assert sent(bytes(terminal.written)) == []
    finally:
        terminal.close()

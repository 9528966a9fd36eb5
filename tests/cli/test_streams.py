"""The program as a process whose standard streams, or whose end, are not as usual."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.shell import Shell

JOBMON = [sys.executable, "-m", "jobmon_tui"]


def _with(redirection: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *JOBMON, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("list", "--json"), 0),
        (("show", "99"), 4),
        (("reports", "export"), 0),
        (("reports", "delete", "Sales"), 2),
        (("login", "ada", "--print-token"), 2),
        (("demo",), 2),
        ((), 2),
    ],
)
def test_closed_streams_change_no_exit_code(shell: Shell, arguments: tuple[str, ...], code: int) -> None:
    for redirection in ("<&-", ">&-", "<&- >&- 2>&-"):
        ended = _with(redirection, *arguments)
        assert ended.returncode == code, (redirection, ended)
        assert "Traceback" not in ended.stderr
        assert "unforeseen" not in ended.stderr
    # Not one of the closed streams' numbers became the database's, whose pages the answers would overwrite.
    assert shell("db", "check").code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_output_is_one_line(shell: Shell, unbuffered: str) -> None:
    for arguments in (("config", "show"), ("list", "--json"), ("reports", "export")):
        if arguments[0] == "reports":
            assert shell("reports", "add", "Sales", "--json", "--", "true").code in {0, 5}
        ended = _with(">/dev/full", *arguments, PYTHONUNBUFFERED=unbuffered)
        assert ended.returncode == 6, ended
        assert ended.stderr == "Standard output cannot be written: No space left on device.\n"


def test_an_export_is_utf8_in_every_locale(shell: Shell) -> None:
    assert shell("reports", "add", "Täglich ☕", "--", "true").code == 0
    ended = subprocess.run(
        [*JOBMON, "reports", "export"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=True,
        timeout=60,
    )
    assert 'name = "Täglich ☕"' in ended.stdout.decode()


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("later", [0.0, 1.0])
def test_a_demo_that_is_ended_leaves_nothing_behind(bare: Shell, which: signal.Signals, later: float) -> None:
    temporary = bare.folder / "temporary"
    temporary.mkdir()

    def laid_out() -> bool:
        # A folder: Python tries out where temporary files may be with one that is gone at once.
        return any(each.is_dir() for each in temporary.iterdir())

    demo = subprocess.Popen(
        [*JOBMON, "demo", "--headless", "--seconds", "60"],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not laid_out() and time.monotonic() < deadline and demo.poll() is None:
            time.sleep(0.005)
        time.sleep(later)  # at once: while it is still being laid out
        assert laid_out()
        demo.send_signal(which)
        _out, said = demo.communicate(timeout=30)
    finally:
        if demo.poll() is None:
            demo.kill()
            demo.communicate()
    assert (list(temporary.iterdir()), demo.returncode, said) == ([], 0, "")

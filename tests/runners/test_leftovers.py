"""Unfinished report files of workers that were killed go; those that are being written stay."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from jobmon_tui.runners.execute import Execute
from jobmon_tui.runners.leftovers import OLD_ENOUGH, sweep
from jobmon_tui.runners.report_file import ReportFile
from jobmon_tui.services.records import StoredOutput
from scheduler.ports import Claimed

WRITE = """
import sys, time
from pathlib import Path
from jobmon_tui.runners.report_file import ReportFile
file = ReportFile(Path(sys.argv[1]), "sales-7", "csv")
print("begun", flush=True)
time.sleep(60)
"""


def _age(folder: Path, seconds: float = OLD_ENOUGH + 60) -> None:
    then = time.time() - seconds
    for path in [*folder.rglob("*")]:
        os.utime(path, (then, then))


def test_what_a_killed_writer_left_goes_and_what_a_living_one_holds_stays(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"begun\n"
    _age(tmp_path)
    sweep(tmp_path)
    (scratch,) = tmp_path.iterdir()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    _age(tmp_path, OLD_ENOUGH - 60)
    sweep(tmp_path)
    assert scratch.exists()
    _age(tmp_path)
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_in_the_folder_is_touched(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    folder = tmp_path / "reports"
    (folder / ".mine.part").mkdir(parents=True)
    (folder / "sales-0badcafe.part").mkdir()
    (folder / ".sales-7-0badcafe.part").symlink_to(elsewhere)
    (folder / "sales-7.csv").touch()
    before = sorted(folder.iterdir())
    _age(folder)
    sweep(folder)
    assert sorted(folder.iterdir()) == before
    assert (elsewhere / "kept").exists()
    sweep(tmp_path / "not there")


def test_a_file_in_the_making_is_whole_after_a_sweep(tmp_path: Path) -> None:
    file = ReportFile(tmp_path, "sales-7", "csv")
    file.columns(["a"])
    _age(tmp_path)
    sweep(tmp_path)
    file.rows([(1,)])
    assert file.publish().read_text() == "a\n1\n"


async def test_a_worker_sweeps_before_its_first_report(tmp_path: Path) -> None:
    left = tmp_path / "out" / ".sales-7-0badcafe.part"
    left.mkdir(parents=True)
    (left / "report.csv").touch()
    _age(tmp_path)

    async def save(_execution: int, _token: int, _output: StoredOutput) -> None:
        return None

    payload = {"name": "x", "runner": "command", "parameters": {"command": ["true"]}}
    outcome = await Execute(tmp_path / "out", save).run(Claimed(1, 1, payload, None))
    assert (outcome.status, left.exists()) == ("Succeeded", False)

"""The demo's throw-away folder: everything is in it, the log too, and nothing of it stays."""

import os
from pathlib import Path

import pytest

from jobmon_tui.cli.demo_folder import make_folder, remove_folder
from jobmon_tui.log_file import log_path, write_log


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Set before it is taken away, so that what the demo sets is undone too.
    monkeypatch.setenv("JOBMON_LOG_FILE", "")
    monkeypatch.delenv("JOBMON_LOG_FILE")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_the_log_goes_into_the_folder_and_goes_with_it() -> None:
    folder = make_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert log_path() == folder / "jobmon.log"
    write_log("something")
    (folder / "reports").mkdir()
    remove_folder(folder)
    assert not folder.exists()


def test_after_a_defect_only_the_log_stays() -> None:
    folder = make_folder()
    write_log("what it was")
    (folder / "reports").mkdir()
    (folder / "reports" / "a.csv").touch()
    (folder / "flights.db").touch()
    remove_folder(folder, but_the_log=True)
    assert [each.name for each in folder.iterdir()] == ["jobmon.log"]
    empty = make_folder()
    remove_folder(empty, but_the_log=True)
    assert not empty.exists()


def test_a_log_that_the_user_names_is_kept_to(tmp_path: Path) -> None:
    os.environ["JOBMON_LOG_FILE"] = str(tmp_path / "mine.log")
    remove_folder(make_folder())
    assert log_path() == tmp_path / "mine.log"

"""The log file: private, and never a reason for anything to fail."""

import logging
import os
from pathlib import Path

import pytest

from jobmon_tui.log_file import PrivateFileHandler, log_path


@pytest.fixture
def logger() -> logging.Logger:
    made = logging.Logger("log-file-test")
    yield made
    for handler in made.handlers:
        handler.close()


def test_folder_and_file_are_private_under_any_umask(tmp_path: Path, logger: logging.Logger) -> None:
    path = tmp_path / "made" / "jobmon.log"
    before = os.umask(0)
    try:
        logger.addHandler(PrivateFileHandler(path))
        assert not path.parent.exists()  # nothing to say, nothing made
        logger.warning("lost \udce9 byte")
    finally:
        os.umask(before)
    assert "WARNING" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_log_that_cannot_be_written_is_silent(
    tmp_path: Path, logger: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "file" / "jobmon.log", tmp_path / "link"):
        logger.addHandler(PrivateFileHandler(path))
    logger.error("nobody hears it")
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "elsewhere").exists()


def test_the_log_file_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JOBMON_LOG_FILE", str(tmp_path / "my.log"))
    assert log_path() == tmp_path / "my.log"
    monkeypatch.delenv("JOBMON_LOG_FILE")
    assert log_path().name == "jobmon.log"

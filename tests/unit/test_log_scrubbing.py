"""What is logged holds no password, whoever logs it and however it got into the text."""

import logging
import os
import stat
import threading
from pathlib import Path

import pytest

from jobmon_tui.log_file import PrivateFileHandler, hide, hiding, scrubbed, write_log
from jobmon_tui.private_files import open_to_append


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://me:hunter2@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me@host/db?password=hunter2&x=1", "postgresql://me@host/db?password=***&x=1"),
        ("connect(user='me', password='hunter2')", "connect(user='me', password=***)"),
        ('{"password": "hunter 2", "a": 1}', '{"password": ***, "a": 1}'),
        ("nothing: 12:30@noon", "nothing: 12:30@noon"),
    ],
)
def test_what_stands_where_passwords_stand_is_masked(text: str, kept: str) -> None:
    assert scrubbed(text) == kept


def test_what_the_environment_and_the_keyring_gave_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBMON_TOKEN", "token-of-mine")
    monkeypatch.setenv("PGPASSWORD", "word-of-mine")
    hide("kept-of-mine")
    with hiding(["shared-of-mine"]), hiding(["shared-of-mine", "run-of-mine"]):
        assert scrubbed("token-of-mine word-of-mine kept-of-mine run-of-mine") == "*** *** *** ***"
        assert scrubbed("7368617265642d6f662d6d696e65") == "***"
    assert scrubbed("kept-of-mine run-of-mine shared-of-mine") == "*** run-of-mine shared-of-mine"


def test_tracebacks_in_the_log_are_masked_and_have_no_locals(tmp_path: Path) -> None:
    handler = PrivateFileHandler(tmp_path / "log")
    logger = logging.Logger("scrubbing")
    logger.addHandler(handler)
    local = "only-a-local"
    with hiding(["deep-secret"]):
        try:
            int(f"deep-secret of {len(local)}")
        except ValueError:
            logger.exception("it failed with %s", "deep-secret")
    handler.close()
    kept = (tmp_path / "log").read_text()
    assert "ValueError" in kept
    assert "***" in kept
    assert "deep-secret" not in kept
    assert "only-a-local" not in kept


def test_a_log_that_others_could_read_is_closed_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.touch(0o666)
    path.chmod(0o666)
    monkeypatch.setenv("JOBMON_LOG_FILE", str(path))
    assert write_log("x") == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    for name in ("pipe", "link"):
        monkeypatch.setenv("JOBMON_LOG_FILE", str(tmp_path / name))
        asked = threading.Thread(target=write_log, args=["x"], daemon=True)
        asked.start()
        asked.join(5)
        assert not asked.is_alive()
        with pytest.raises(OSError, match=r"."):
            open_to_append(tmp_path / name)
    assert not (tmp_path / "other").exists()

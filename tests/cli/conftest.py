"""A shell with a database of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring

from tests.cli.shell import TOKENS, Shell, add_people, in_postgres, write


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Nothing set up, no keyring."""
    made = Shell(tmp_path, monkeypatch)
    for name in ("JOBMON_TOKEN", "JOBMON_OUTPUT_DIR", "JOBMON_CONFIG", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    made.set(
        HOME=str(tmp_path),
        JOBMON_DATABASE_URL=f"sqlite:///{made.path}",
        XDG_STATE_HOME=str(tmp_path / "state"),
    )
    monkeypatch.chdir(tmp_path)
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield made
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with an Administrator and a Viewer, made once by the migrations and copied for each test."""
    path = tmp_path_factory.mktemp("peopled") / "jobmon.db"
    write(path, add_people)
    assert not path.with_name("jobmon.db-wal").exists()
    return path


@pytest.fixture
def shell(bare: Shell, peopled: Path) -> Shell:
    """A database with an Administrator, who is signed in, and a Viewer."""
    shutil.copy(peopled, bare.path)
    bare.set(JOBMON_TOKEN=TOKENS["ada"])
    return bare


@pytest.fixture
def no_umask() -> Iterator[Callable[[], None]]:
    """Call it to take the umask away until the test ends."""
    before = os.umask(0o022)
    yield lambda: os.umask(0) and None
    os.umask(before)


@pytest.fixture
def postgres_shell(bare: Shell, postgres_database: str) -> Shell:
    """A shell on a PostgreSQL database with an Administrator, who is signed in, and a Viewer."""
    in_postgres(postgres_database, add_people)
    bare.set(JOBMON_DATABASE_URL=postgres_database, JOBMON_TOKEN=TOKENS["ada"])
    return bare

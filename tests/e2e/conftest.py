"""Users' shells for the end-to-end tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.host import Host


@pytest.fixture(scope="session")
def signed_up(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A database as the real `init` and `login` leave it, from which each test's is copied."""
    made = Host(tmp_path_factory.mktemp("signed-up"))
    made.sign_up()
    assert not made.database.with_name("jobmon.db-wal").exists()
    return made


@pytest.fixture
def host(tmp_path: Path, signed_up: Host) -> Iterator[Host]:
    """A signed-in Administrator with an empty database."""
    made = Host(tmp_path)
    shutil.copy(signed_up.database, made.database)
    made.environment["JOBMON_TOKEN"] = signed_up.environment["JOBMON_TOKEN"]
    yield made
    made.close()

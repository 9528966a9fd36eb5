"""What every kind of test may ask for."""

import signal
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.backends import Opens, Place, Raw, Store, open_at, raw_at
from tests.conformance.world import add_people

# A shell that runs the tests in the background has Ctrl+C ignored, and so would be what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server's superuser."""
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a database with the newest schema."""
    return postgres.make_template(postgres_url)


@pytest.fixture
def postgres_database(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the newest schema."""
    with postgres.database(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on; it runs on each."""
    return str(request.param)


@pytest.fixture
def place(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where the test's database is."""
    if backend == "sqlite":
        return tmp_path / "jobmon.db"
    return PgSource(request.getfixturevalue("postgres_database"), "jobmon")


@pytest.fixture
def opens(place: Place) -> Opens:
    """Open the test's database once more, as another process would."""
    return partial(open_at, place)


@pytest.fixture
def raw(place: Place) -> Raw:
    """Run a statement, written with `?`, on a connection of its own, as another program would."""
    return raw_at(place)


@pytest.fixture
async def store(opens: Opens) -> AsyncIterator[Store]:
    """A fresh database with an Administrator and a Viewer."""
    async with await opens() as opened:
        await opened.write(add_people)
        yield opened

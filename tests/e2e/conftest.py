"""Users' shells for the end-to-end tests."""

from pathlib import Path

import pytest

from tests.e2e.host import Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A signed-in Administrator with an empty database."""
    made = Host(tmp_path)
    made.sign_up()
    return made

"""What only a SQLite file has: its rights, its log, its copies, its place on the disk."""

import pytest


@pytest.fixture
def backend() -> str:
    """Everything here runs on a SQLite file alone."""
    return "sqlite"

"""What is broken on purpose: every test here bears the marker `faults`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.faults.size import WHOLE

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)
            if WHOLE:
                item.add_marker(pytest.mark.timeout(3600))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB, in memory. Needs root."""
    from tests.e2e.faults.mounts import mounted

    with mounted(tmp_path / "small") as folder:
        yield folder

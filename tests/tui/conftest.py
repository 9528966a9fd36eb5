"""What holds for every test of the screens."""

import pytest

from jobmon_tui.tui.screens import live


@pytest.fixture(autouse=True)
def prompt_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let views be read again at their shortest pause: how long a reading takes here is no server's doing."""
    monkeypatch.setattr(live, "REST", 0)
    monkeypatch.setattr(live, "SPREAD", 0)

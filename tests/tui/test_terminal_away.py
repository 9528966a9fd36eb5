"""While another program has the terminal, this one writes nothing on it."""

import pytest
from textual.drivers.linux_driver import LinuxDriver

from jobmon_tui.tui.driver import LastingDriver


def test_nothing_is_written_while_a_pager_has_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(LinuxDriver, "write", lambda _self, data: written.append(data))
    monkeypatch.setattr(LinuxDriver, "suspend_application_mode", lambda self: self.write("the last"))
    driver = object.__new__(LastingDriver)
    driver._away = False
    driver.write("before")
    driver.suspend_application_mode()
    driver.write("meanwhile")
    assert written == ["before", "the last"]

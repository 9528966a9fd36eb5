"""While another program has the terminal, this one writes nothing on it."""

import signal

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from jobmon_tui.tui.driver import LastingDriver


async def test_nothing_is_written_while_a_pager_has_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(LinuxDriver, "write", lambda _self, data: written.append(data))
    monkeypatch.setattr(LinuxDriver, "suspend_application_mode", lambda self: self.write("the last"))
    driver = LastingDriver(App())
    driver.write("before")
    driver.suspend_application_mode()
    driver.write("meanwhile")
    said = "".join(written)
    assert "before" in said and "the last" in said and "meanwhile" not in said

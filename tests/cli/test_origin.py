"""Where a command says that it runs."""

import os

import pytest

from jobmon_tui.cli import origin as module
from jobmon_tui.cli.origin import claimed_origin


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ("", ""),
        ("10.0.0.1 52144 10.0.0.2 22", " from 10.0.0.1 port 52144"),
        ("fe80::1", " from fe80::1"),
        ("\x1b[31m" + "x" * 500, f" from \ufffd[31m{'x' * 114}…"),
    ],
)
def test_it_names_terminal_machine_and_the_other_end(
    monkeypatch: pytest.MonkeyPatch, connection: str, said: str
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", connection)
    monkeypatch.setattr(module.os, "ttyname", lambda _descriptor: "/dev/pts/7")
    assert claimed_origin("cli") == f"cli uid={os.getuid()} /dev/pts/7 on {os.uname().nodename}{said}"

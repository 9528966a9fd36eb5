"""Which pager is asked for, and what is said where there is none."""

from pathlib import Path

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.outside_pager import NoPagerError, pager_command
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage


def program(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_the_pager_is_split_into_words_and_no_shell_reads_them(tmp_path: Path) -> None:
    program(tmp_path, "most")
    environ = {"PATH": str(tmp_path), "PAGER": "most '-x y' $HOME; `id`"}
    assert pager_command(environ) == ["most", "-x y", "$HOME;", "`id`"]


def test_without_one_it_is_less_or_else_more(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path), "PAGER": " "}
    with pytest.raises(NoPagerError, match="install less, or set PAGER"):
        pager_command(environ)
    program(tmp_path, "more")
    assert pager_command(environ) == ["more"]
    program(tmp_path, "less")
    assert pager_command(environ) == ["less", "-R"]


@pytest.mark.parametrize(
    ("pager", "said"),
    [("/no/such -x", "not here: /no/such -x"), ("'", "is not a command"), ("x\x1b[2J", "not here: x\ufffd")],
)
def test_what_is_wrong_with_it_is_said_in_one_clean_line(pager: str, said: str) -> None:
    with pytest.raises(NoPagerError) as refusal:
        pager_command({"PATH": "/bin", "PAGER": pager})
    assert said in str(refusal.value)
    assert "\x1b" not in str(refusal.value)


@pytest.mark.parametrize(
    ("pager", "said"), [("/no/such", "not here"), ("cat", "cannot be given to a pager")], ids=["none", "web"]
)
async def test_the_screen_says_it_in_a_toast(pager: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", pager)
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, output="a\n")
    async with on_stage(services) as stage:
        await stage.press("v")
        await stage.press("p")
        await stage.until(lambda: stage.toasts and said in stage.toasts[-1])

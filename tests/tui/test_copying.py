"""Copying by key: what is copied, made harmless and short enough, in the form that each terminal takes."""

import base64
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import clean
from jobmon_tui.tui.clipboard import LONGEST, Copied, bounded, sequence
from tests.tui.audited import audited
from tests.tui.fake_services import FakeServices
from tests.tui.stage import Stage, on_stage

WHERE = "to the terminal's clipboard, where the terminal allows that."
PLAIN = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


@pytest.fixture(autouse=True)
def outside_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def copied(stage: Stage) -> Iterator[str]:
    """Catch what is sent to the terminal from now on; yield each text that went to its clipboard."""
    sent: list[str] = []
    driver = stage.app._driver
    assert driver is not None
    driver.write = sent.append  # type: ignore[method-assign]
    while True:
        found = [base64.b64decode(text).decode() for each in sent for text in PLAIN.findall(each)]
        yield found[-1] if found else ""


@given(st.text(alphabet=st.characters(), max_size=200), st.integers(0, 4))
def test_what_is_copied_steers_no_terminal_and_is_short_enough(text: str, repeats: int) -> None:
    long = text * (1 + repeats * 300)
    safe, was_cut = bounded(long)
    assert safe == clean(safe)
    assert len(safe.encode()) <= LONGEST
    assert clean(long).startswith(safe)
    assert was_cut == (len(clean(long).encode()) > LONGEST)
    if was_cut:
        assert len(safe.encode()) > LONGEST - 4
    carried = sequence(safe, {})
    assert len(carried) <= 100_000
    assert base64.b64decode(PLAIN.fullmatch(carried)[1]).decode() == safe  # type: ignore[index]


@pytest.mark.parametrize("environ", [{"TMUX": "/tmp/tmux-0/default,1,0"}, {"TERM": "tmux-256color"}])
def test_tmux_gets_the_plain_form_and_the_one_that_it_hands_on(environ: dict[str, str]) -> None:
    plain = sequence("4711", {"TERM": "screen-256color"})
    assert PLAIN.fullmatch(plain)
    assert sequence("4711", environ) == plain + "\x1bPtmux;\x1b" + plain + "\x1b\\"


async def test_y_copies_the_id_and_says_so_and_Y_the_whole_error() -> None:  # noqa: N802
    services = FakeServices()
    detail = "no such table: flights\n  File “a.sql”\n" + "line\n" * 40 + "\x1b]52;c;AAAA\x07end"
    services.add("Sales", Status.SUCCEEDED)
    failed = services.add("Ledger", Status.FAILED, error="no such table: flights", error_detail=detail)
    async with on_stage(services) as stage:
        on_clipboard = copied(stage)
        next(on_clipboard)
        await stage.press("y")
        assert next(on_clipboard) == str(failed)
        assert stage.toasts[-1] == f"✓ Copied #{failed} {WHERE}"
        await stage.press("Y")
        await stage.until(lambda: len(stage.toasts) == 2)
        assert next(on_clipboard) == clean(detail)
        assert stage.toasts[-1] == f"✓ Copied the error of #{failed} {WHERE}"
        await stage.press("j", "Y")
        await stage.until(lambda: len(stage.toasts) == 3)
        assert re.fullmatch(
            rf"#{failed - 1} Sales: Succeeded queued 20\S+Z started 20\S+Z finished 20\S+Z",
            next(on_clipboard),
        )
        services.database.outage = "The database is locked."
        await stage.press("Y")
        await stage.until(lambda: "✗ The database is locked." in stage.toasts)


async def test_a_text_that_no_terminal_would_take_is_cut_and_the_toast_says_so() -> None:
    async with on_stage(FakeServices()) as stage:
        on_clipboard = copied(stage)
        next(on_clipboard)
        stage.app.copy_and_tell(Copied("é" * LONGEST, "the error of #1"))
        assert next(on_clipboard) == "é" * (LONGEST // 2)
        assert (
            stage.toasts[-1]
            == f"! Copied the first 74,994 bytes of the error of #1 {WHERE} Terminals take no more."
        )
        await stage.press("y")  # there is no row: the key is not offered and does nothing
        assert len(stage.toasts) == 1
        stage.app.copy_and_tell(None)
        assert stage.toasts[-1] == "! There is nothing under the cursor to copy."


async def test_in_lists_y_copies_the_name_or_id_and_Y_the_record_with_its_times_in_utc() -> None:  # noqa: N802
    services = audited(3)
    services.add_draft("Sales\x1b[31m")
    services.set_workers(1)
    async with on_stage(services) as stage:
        on_clipboard = copied(stage)
        next(on_clipboard)
        await stage.press("a", "y")
        assert next(on_clipboard) == "3"
        assert stage.toasts[-1] == f"✓ Copied entry #3 {WHERE}"
        await stage.press("Y")
        await stage.until(lambda: len(stage.toasts) == 2)
        assert re.search(r"^  at: 20\d\d-\d\d-\d\dT\S+Z$", next(on_clipboard), re.MULTILINE)
        assert "actor: ada" in next(on_clipboard)
        assert "\x1b" not in next(on_clipboard)
        await stage.press("escape", "s", "y")
        assert next(on_clipboard) == clean("Sales\x1b[31m")
        await stage.press("Y")
        await stage.until(lambda: len(stage.toasts) == 4)
        assert stage.toasts[-1].startswith("✓ Copied all of “Sales")
        await stage.press("escape", "w", "y")
        await stage.until(lambda: len(stage.toasts) == 5)
        assert next(on_clipboard)

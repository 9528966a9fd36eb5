"""What an execution said as one text: whole, cleaned, honest about what is missing, and found again later."""

import asyncio
from dataclasses import replace
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.services.records import StoredOutput
from jobmon_tui.tui import full_text as full_text_module
from jobmon_tui.tui.full_text import FullText, full_text, size_words
from tests.tui.fake_services import FakeServices


async def story(status: Status = Status.SUCCEEDED, **more: str) -> ExecutionStory:
    services = FakeServices()
    return await services.show(services.admin, services.add("Sales", status, **more))  # type: ignore[arg-type]


async def test_the_error_stands_above_the_output_each_under_its_heading() -> None:
    full = full_text(
        await story(Status.FAILED, error="boom", error_detail="boom\nat line 7\n", output="a\nb\n")
    )
    assert full.text == "Error\nboom\nat line 7\n\nOutput\na\nb"
    assert [full.text[mark.start : mark.end] for mark in full.marks] == ["Error", "boom", "Output"]
    assert [mark.style for mark in full.marks] == ["heading", "error", "heading"]
    assert full.headings == [0, full.text.index("Output")]
    assert full.text[full.body :] == "a\nb"


async def test_without_an_error_it_is_the_output_alone() -> None:
    assert full_text(await story(output="a\n")).text == "a"
    assert full_text(await story()).text == "It printed nothing."
    assert full_text(await story(Status.RUNNING)).text == "It has printed nothing so far."
    assert full_text(await story(Status.QUEUED)).text == "It has not started."


async def test_what_was_not_kept_is_said_in_its_place() -> None:
    told = await story()
    cut = replace(told, output=StoredOutput("first\n", "last\n", tail_start=3_355_449, total=3_355_454))
    full = full_text(cut)
    assert full.text == "first\n… 3.4 MB (3,355,443 bytes) not kept …\nlast"
    assert full.style_at(full.text.index("…")) == "gap"
    assert full.style_at(0) == full.style_at(full.text.index("last")) == ""
    assert full.text[full.tail :] == "last"
    # What a program prints is not taken for ours.
    fake = full_text(await story(output="… 5 bytes not kept …\n"))
    assert fake.marks == ()


async def test_nothing_in_it_steers_a_terminal() -> None:
    hostile = "\x1b]0;pwned\x07\x9b31m\u202e\tx\r\ny\x00"
    for tabs in (True, False):
        text = full_text(await story(Status.FAILED, error=hostile, output=hostile), tabs=tabs).text
        assert not set(text) & set("\x1b\x07\x9b\u202e\x00\r")
        assert ("\t" in text) is tabs


async def test_megabytes_of_tabs_do_not_become_eight_times_as_many() -> None:
    few, many = "a\tb", "\t" * 200_000 + "b"
    assert full_text(await story(output=few)).text == "a       b"
    assert len(full_text(await story(output=many)).text) == len(many)


def test_sizes_are_told_in_words() -> None:
    assert [size_words(size) for size in (1, 812, 1_204, 3_355_443, 2_000_000_000)] == [
        "1 byte",
        "812 bytes",
        "1.2 kB (1,204 bytes)",
        "3.4 MB (3,355,443 bytes)",
        "2.0 GB (2,000,000,000 bytes)",
    ]


LINES = "".join(f"line {at}\n" for at in range(1_000))
HEAD, TAIL = 200, 300


def kept(printed: int) -> StoredOutput:
    """What is kept of the first `printed` characters."""
    text = LINES[:printed]
    if len(text) <= HEAD + TAIL:
        return StoredOutput(text, total=len(text))
    return StoredOutput(text[:HEAD], text[-TAIL:], len(text) - TAIL, len(text))


@cache
def running() -> ExecutionStory:
    return asyncio.run(story(Status.RUNNING))


@given(st.integers(1, 3_000), st.integers(0, 1_000), st.integers(0, 600), st.booleans())
def test_a_place_is_found_again_after_more_was_printed(
    printed: int, more: int, offset: int, fails: bool
) -> None:
    told = running()
    early = full_text(replace(told, output=kept(printed)))
    details = told.details
    if fails:
        details = replace(details, execution=replace(details.execution, error="boom"), error_detail="why")
    late = full_text(replace(told, details=details, output=kept(printed + more)))
    offset = min(offset, len(early.text) - 1)
    found = early.place_in(late, offset)
    assert 0 <= found <= len(late.text)
    here = early.text[offset : early.text.find("\n", offset) if "\n" in early.text[offset:] else None]
    if early.style_at(offset) or len(here) < 6 or not here.startswith("line"):
        return
    line = f"{here}\n"
    still = line in f"{late.text}\n"
    if printed - max(HEAD, printed + more - TAIL) < full_text_module._SAME:
        return  # too little is in both to be known again
    # What was printed last may go on; what is dropped meanwhile leads to the first that is kept.
    if still and early.text.find(line, offset) >= 0:
        assert late.text[found:].startswith(here)
    elif not still and late.tail:
        assert found <= late.tail or late.text[found:].startswith(here)


def test_a_place_is_found_again_where_all_lines_look_alike() -> None:
    told = running()
    before = "y\n" * 400 + "z\n" + "y\n" * 300
    after = before[600:] + "x\n" * 300
    early = full_text(replace(told, output=StoredOutput("a\n", before, 10_000, 11_402)))
    late = full_text(replace(told, output=StoredOutput("a\n", after, 10_600, 12_002)))
    assert late.text[early.place_in(late, early.text.index("z")) :].startswith("z")


def test_a_place_in_nothing_is_its_beginning() -> None:
    assert FullText().place_in(FullText("abc"), 0) == 0

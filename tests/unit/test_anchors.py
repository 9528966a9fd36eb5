"""Anchors of the audit log: the line, and what it contradicts."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.anchors import Anchor, anchor_line, contradiction, read_anchor
from jobmon_tui.domain.audit import GENESIS
from jobmon_tui.domain.errors import JobmonError, not_signed_in, storage_unavailable
from jobmon_tui.domain.text import one_line
from jobmon_tui.security.anchors import keep_anchoring

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
HASH = "ab" * 32
ONE = Anchor(NOW, 12, HASH, "sqlite:////srv/jobmon.db")
LINE = f"jobmon-audit-anchor 2026-01-02T03:04:05.000006Z 12 {HASH} sqlite:////srv/jobmon.db"


def test_a_line_is_read_as_it_was_written_also_out_of_the_systems_log() -> None:
    assert anchor_line(ONE) == LINE
    assert read_anchor(LINE + "\n") == ONE
    assert read_anchor(f"Jan  2 04:04:05 web1 jobmon[77]: {LINE}\r\n") == ONE


@pytest.mark.parametrize(
    "line",
    [
        "",
        LINE[:-26],
        LINE[1:],
        f"x{LINE}",
        LINE.replace("12 ab", "12 AB"),
        LINE.replace(" 12 ", " -12 "),
        LINE.replace(" 12 ", " 1２ "),
        LINE.replace(" 12 ", f" {'9' * 30} "),
        LINE.replace("01-02T", "01-32T"),
        LINE.replace("05.000006Z", "05.000006+"),
        LINE.replace(HASH, HASH[:-1]),
    ],
)
def test_what_is_no_anchor_is_none(line: str) -> None:
    assert read_anchor(line) is None


@given(
    at=st.datetimes(timezones=st.just(UTC)),
    number=st.integers(0, 10**18 - 1),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64),
    database=st.text(max_size=40),
)
def test_any_anchor_is_one_line_and_reads_back(at: datetime, number: int, digest: str, database: str) -> None:
    line = anchor_line(Anchor(at, number, digest, database))
    assert len(line.splitlines()) == 1
    assert read_anchor(line) == Anchor(at, number, digest, one_line(database, 300) or "?")


@given(st.text(max_size=120))
def test_any_text_is_read(line: str) -> None:
    assert read_anchor(line) is None


def test_what_contradicts() -> None:
    assert contradiction(ONE, 12, HASH) is None
    assert "was cut off" in str(contradiction(ONE, 11, HASH))
    assert "was cut off" in str(contradiction(ONE, None, None))
    assert "was rewritten" in str(contradiction(ONE, 12, "0" * 64))
    assert contradiction(Anchor(NOW, 0, GENESIS, "x"), None, None) is None
    assert contradiction(Anchor(NOW, 0, HASH, "x"), 1, HASH) is not None


async def test_a_schedule_tells_of_an_outage_once_and_goes_on() -> None:
    kept, told, slept = [], [], []
    # Two failures that say the same, one that says another thing, and one after all went well.
    answers = [None, "away", "away", "read-only", None, "away", None]

    async def head() -> Anchor:
        said = answers[len(slept)]
        if said is not None:
            raise storage_unavailable(said)
        return ONE

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == len(answers):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_anchoring(head, kept.append, 600.0, told.append, sleep=sleep)
    assert kept == [ONE] * 3
    assert slept == [600.0] * 7
    assert told == [f"No anchor of the audit log: {said}" for said in ("away", "read-only", "away")]


async def test_a_schedule_ends_with_the_session() -> None:
    async def head() -> Anchor:
        raise not_signed_in()

    with pytest.raises(JobmonError, match="not signed in"):
        await keep_anchoring(head, lambda _anchor: None, 1.0, lambda _said: None)

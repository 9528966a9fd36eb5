import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.masking import mask_text
from jobmon_tui.runners.output import BoundedOutput
from jobmon_tui.services.records import StoredOutput


def printed(chunks: list[bytes], secrets: list[str] = (), head: int = 10, tail: int = 12) -> StoredOutput:  # type: ignore[assignment]
    output = BoundedOutput(secrets, head, tail)
    for chunk in chunks:
        output.append(chunk)
    output.finish()
    return output.snapshot()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


# Few letters, so that secrets, their overlaps and their beginnings really occur.
texts = st.text("abcé€\n", max_size=80)
hidden = st.lists(st.text("abc", min_size=3, max_size=6), max_size=3)
places = st.lists(st.integers(0, 200), max_size=8)


@given(texts, hidden, places, places)
def test_chunks_never_matter(text: str, secrets: list[str], one: list[int], other: list[int]) -> None:
    data = text.encode()
    assert printed(cut(data, one), secrets) == printed(cut(data, other), secrets)


@given(texts, hidden, places, places)
def test_what_is_shown_while_it_runs_does_not_depend_on_chunks(
    text: str, secrets: list[str], one: list[int], other: list[int]
) -> None:
    running = []
    for where in (one, other):
        output = BoundedOutput(secrets, 10, 12)
        for chunk in cut(text.encode(), where):
            output.append(chunk)
        running.append(output.snapshot())
    assert running[0] == running[1]


@given(st.lists(st.one_of(texts, st.sampled_from(["SECRET-1", "SECRET-22", "ECRET-1S"])), max_size=8), places)
def test_no_secret_is_ever_in_it(parts: list[str], where: list[int]) -> None:
    secrets = ["SECRET-1", "SECRET-22", "ECRET-1S"]
    output = BoundedOutput(secrets, 30, 20)
    for chunk in [*cut("".join(parts).encode(), where), b""]:
        output.append(chunk)
        seen = output.snapshot()
        assert not any(secret in seen.head or secret in seen.tail for secret in secrets)
    output.finish()
    seen = output.snapshot()
    assert not any(secret in seen.head + "|" + seen.tail for secret in secrets)


@given(st.binary(max_size=100), st.integers(0, 20), st.integers(4, 20))
def test_offsets_are_the_programs_own(data: bytes, head: int, tail: int) -> None:
    kept = printed([data], head=head, tail=tail)
    assert kept.total == len(data)
    if len(data) <= head + tail:
        assert (kept.head, kept.tail) == (data.decode("utf-8", "replace").replace("\0", "\ufffd"), "")
    else:
        assert kept.is_cut
        assert kept.tail == data[kept.tail_start :].decode("utf-8", "replace").replace("\0", "\ufffd")
        assert len(data) - tail <= kept.tail_start <= len(data) - tail + 3


@given(st.text("aé€😀", min_size=30, max_size=60))
def test_no_character_is_cut_at_the_seam(text: str) -> None:
    kept = printed([text.encode()])
    assert text.startswith(kept.head)
    assert text.endswith(kept.tail)
    assert "\ufffd" not in kept.head + kept.tail


def test_offsets_stay_the_programs_own_behind_masks() -> None:
    data = b"x" * 20 + b"hunter2-hunter2" * 3 + b"y" * 100
    kept = printed([data], ["hunter2-hunter2"], head=10, tail=50)
    assert kept.total == len(data)
    assert data[kept.tail_start :].decode() == kept.tail == "y" * 50


def test_a_secret_in_two_chunks_is_masked_and_its_start_is_not_shown_meanwhile() -> None:
    output = BoundedOutput(["hunter2"])
    output.append(b"password: hunt")
    assert output.snapshot().head == "password: "
    output.append(b"er2\n")
    assert output.snapshot().head == "password: ***\n"


def test_an_innocent_start_is_shown_once_it_is_known() -> None:
    output = BoundedOutput(["hunter2"])
    output.append(b"hun")
    output.append(b"ger")
    assert output.snapshot().head == "hunger"


def test_overlapping_secrets_share_a_mask_and_neighbours_do_not() -> None:
    assert mask_text("abcdef abcabc", ["abcd", "cdef", "abc"]) == "*** ******"


def test_a_secret_is_masked_as_it_stands_in_urls_and_line_by_line() -> None:
    assert mask_text("p%40ss%2Fword", ["p@ss/word"]) == "***"
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n"
    assert "MIIEvQ" not in mask_text("line: MIIEvQIBADANBg.", [key])


def test_memory_is_bounded_for_50_megabytes() -> None:
    output = BoundedOutput(["never-printed-secret"])
    chunk = b"0123456789abcde\n" * 4096
    tracemalloc.start()
    for _ in range(800):
        output.append(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    output.finish()
    kept = output.snapshot()
    assert kept.total == 800 * 65536
    assert (len(kept.head), len(kept.tail), kept.tail_start) == (65536, 65536, 799 * 65536)
    assert peak < 1_500_000


def test_nul_is_replaced_because_postgresql_refuses_it() -> None:
    assert printed([b"a\0b"]).head == "a\ufffdb"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", None),
        (b"\n \n", None),
        (b"first\nlast\n\n", "last"),
        (b"10%\r20%\rdone\r", "done"),
        (b"x" * 100 + b"\nend", "end"),
    ],
)
def test_the_last_line_is_the_last_that_says_something(data: bytes, line: str | None) -> None:
    output = BoundedOutput((), 10, 12)
    output.append(data)
    output.finish()
    assert output.last_line() == line


def test_nothing_can_follow_the_end() -> None:
    output = BoundedOutput()
    output.finish()
    with pytest.raises(ValueError, match="finished"):
        output.append(b"x")

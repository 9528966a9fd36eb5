"""What goes over the line, counted at the pty at 120x40 in 256 colours: bytes are exact, and promised."""

import time
from collections.abc import Iterator

import pytest

from tests.e2e.faults.size import rounds
from tests.e2e.line import Line
from tests.e2e.long_list import LongList

ROWS = 1_000


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LongList]:
    made = LongList(tmp_path_factory.mktemp("line"), ROWS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def line(listed: LongList) -> Iterator[Line]:
    """A dashboard on it that has nothing more to say."""
    with Line(["--scheduler", "off"], listed.environment) as opened:
        opened.wait_for(f"#{ROWS} ", "live", "24 h")
        opened.quiet()
        yield opened


def row_of(line: Line, execution_id: int) -> str:
    """The row of an execution as it stands on the screen; empty where it is not there."""
    return next((each for each in line.text.splitlines() if f"#{execution_id} " in each[:12]), "")


def test_while_nothing_changes_not_one_byte_is_sent(line: Line) -> None:
    # Longer than the slowest beat of the dashboard: it reads again after 5 s, whatever it hears.
    before = line.count
    time.sleep(rounds(6, 30))
    assert line.count == before


def test_a_move_within_the_page_costs_at_most_650_bytes(line: Line) -> None:
    # Off a Failed row and onto one the keys that work change as well.
    for key in ["down", "down", "up", "up"]:
        assert 0 < line.cost(lambda key=key: line.press(key)) <= 650


def test_a_hundred_held_downs_cost_at_most_100_kib(line: Line) -> None:
    line.cost(lambda: line.press("g"))

    def hold() -> None:
        for _ in range(100):
            line.press("down")
            time.sleep(1 / 40)

    assert line.cost(hold, lambda: " 101 of " in line.text) <= 100 * 1024
    line.cost(lambda: line.press("g"))


def test_a_new_row_at_the_top_costs_at_most_9_kb_and_one_change_of_status_at_most_250_bytes(
    line: Line, listed: LongList
) -> None:
    made: list[int] = []
    new = line.cost(lambda: made.append(listed.queue()), lambda: "Queued" in row_of(line, made[0]))
    assert new <= 9_000
    for change, status in ((listed.start, "Running"), (listed.end, "Succeeded")):
        before = line.count
        change(made[0])
        line.until(lambda status=status: status in row_of(line, made[0]))
        time.sleep(0.3)  # its frame whole, and nothing of a next one: a Running row's time goes on later
        assert 0 < line.count - before <= 250


def test_what_runs_costs_under_20_bytes_a_second(line: Line, listed: LongList) -> None:
    started = [listed.queue() for _ in range(5)]
    for each in started:
        listed.start(each)
    line.until(lambda: all("Running" in row_of(line, each) for each in started))
    line.quiet()

    def cost() -> float:
        seconds, before = rounds(5, 60), line.count
        line.until(lambda: line.count > before, what="a tick")
        time.sleep(seconds)
        # One tick more or less in so short a time is not a matter of its price.
        return (line.count - before) / (seconds + 3)

    # Once a minute the header's figures of the day are read again: in the second time they are not.
    spent = cost()
    if spent >= 20:
        spent = cost()
    for each in started:
        listed.end(each)
    line.until(lambda: not any("Running" in row_of(line, each) for each in started))
    assert 0 < spent < 20

"""What the dashboard sends, counted at the pty at 120x40 in 256 colours; over a limit it fails."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bench_retry import percentile
from tests.e2e.line import Line
from tests.e2e.long_list import LongList
from tests.e2e.test_bytes import row_of
from tests.e2e.test_slow_line import ANSWERED_WITHIN, SPEED, busy, cursor

_OURS = ["--scheduler", "off"]


def counted(listed: LongList, idle: float) -> dict[str, tuple[float, float]]:
    """Return for each thing that may happen its bytes, and the limit."""
    found: dict[str, tuple[float, float]] = {}
    with Line(_OURS, listed.environment) as line:
        line.wait_for(f"›#{listed.rows}", "●")
        line.quiet()
        print(f"the start, up to the first page: {line.count:,} bytes")
        found[f"idle for {idle:.0f} s"] = line.cost(lambda: time.sleep(idle)), 0
        moves = [line.cost(lambda key=key: line.press(key)) for key in ["down", "down", "up", "up"]]
        found["a move of the cursor, the dearest of four"] = max(moves), 650

        def hold() -> None:
            for _ in range(100):
                line.press("down")
                time.sleep(1 / 30)

        found["a hundred held Downs"] = line.cost(hold, lambda: " 101 of " in line.text), 100 * 1024
        line.cost(lambda: line.press("g"))
        made: list[int] = []
        found["a new row at the top"] = (
            line.cost(lambda: made.append(listed.queue()), lambda: "Queued" in row_of(line, made[0])),
            9_000,
        )
        before = line.count
        listed.start(made[0])
        line.until(lambda: "Running" in row_of(line, made[0]))
        time.sleep(0.3)
        found["a row changes its status"] = line.count - before, 250
        before = line.count
        time.sleep(idle)
        found[f"a Running row, a second of {idle:.0f}"] = (line.count - before) / idle, 20
        listed.end(made[0])
    return found


def answered(listed: LongList, answers: bool, presses: int) -> list[float]:
    """Return the seconds from each key to its paint at 8 kB/s, while something changes every 100 ms."""
    waits = []
    with Line(_OURS, listed.environment, speed=SPEED, answers=answers) as line:
        line.wait_for("›#", "●", seconds=60)
        with busy(listed):
            for number in range(presses):
                before = cursor(line)
                line.press("down" if number % 8 < 4 else "up")
                waits.append(line.until(lambda before=before: cursor(line) not in {before, ""}))
                time.sleep(0.1 * (number % 5))
    return waits


def main() -> int:
    """Count, print, and return 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--idle", type=float, default=30.0, help="seconds")
    parser.add_argument("--presses", type=int, default=60)
    given = parser.parse_args()
    kept = True
    with tempfile.TemporaryDirectory(prefix="jobmon-bench-") as folder:
        listed = LongList(Path(folder), given.rows)
        for words, (cost, limit) in counted(listed, given.idle).items():
            kept &= cost <= limit
            print(f"{words}: {cost:,.0f} bytes; the limit is {limit:,}")
        for answers in (True, False):
            waits = answered(listed, answers, given.presses)
            kept &= max(waits) < ANSWERED_WITHIN
            print(
                f"a key at 8 kB/s, the terminal {'answering' if answers else 'mute'}: "
                f"p95 {percentile(waits, 95):.2f} s, worst {max(waits):.2f} s; "
                f"the limit is {ANSWERED_WITHIN:.0f} s, load {os.getloadavg()[0]:.1f}"
            )
        listed.close()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

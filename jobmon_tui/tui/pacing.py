"""How much the way to the terminal still holds, told by the terminal's own answers.

After about a kilobyte the terminal is asked where its cursor is (`ESC[6n`, ECMA-48 DSR). It answers once it
has come to that place of the stream, however long sshd, the network and a modem have held it. Where more than
`WINDOW` is under way no frame is sent: it would only wait in front of the next key's.

A terminal that never answers is not waited for. Then only the kernel tells: a write that has to wait means
that its buffer is full, and how long it waits says how fast the line drains. One thread writes, one reads,
and the loop asks; every method may be called from each of them.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 2_048
"""Bytes that may be under way when a frame starts: a quarter of a second at 8 kB/s."""
ASK_EVERY = 1_024
PATIENCE = 2.0
"""Seconds that an answer is waited for, unless earlier ones took longer; doubled while none comes."""
LONGEST_PATIENCE = 30.0
UNHEARD = 8
"""So many questions are asked of a terminal that has never answered."""
SLOW_ANSWER = 0.5
SLOW_ROUNDS = 3
"""After so many slow rounds, one after another, the line is slow. A single one may be a busy machine."""
_SOON = 0.02
KERNEL_HOLDS = 20_480
"""Bytes that a pty holds before a write waits: 11,584 to 20,512 on Linux 6, by the size of the writes."""
ASSUMED_RATE = 6_000
"""Bytes a second that a line of unknown speed is given for what changes by itself; keys do not wait."""
LONGEST_REST = 2.0


@dataclass(frozen=True, slots=True)
class _Question:
    at: float
    upto: int
    under_way: int


class Pace:
    """Counts what was written, taken by the kernel, and seen by the terminal. Seconds and bytes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._written = self._taken = self._seen = self._asked = 0
        self._questions: deque[_Question] = deque()
        self._answers = False
        self._patience = self._usual_patience = PATIENCE
        self._rate: float | None = None
        self._kernel = 0.0
        self._kernel_at = 0.0
        self._blocked_bytes, self._blocked_for = 0, 0.0
        self._rest_until = 0.0
        self._slow_since = -1.0
        self._slow_rounds = 0
        self._lost = 0

    # What happens

    def wrote(self, size: int) -> None:
        """Hear that so much was handed to the writing thread."""
        with self._lock:
            self._written += size

    def took(self, size: int, waited: float) -> None:
        """Hear that the kernel took so much; `waited` for so many seconds, if it was full before."""
        with self._lock:
            now = self._clock()
            self._taken += size
            self._drain(now)
            self._kernel += size
            if not waited:
                self._blocked_bytes, self._blocked_for = 0, 0.0
                return
            self._blocked_bytes += size
            self._blocked_for += waited
            self._rate = self._blocked_bytes / self._blocked_for
            self._kernel = KERNEL_HOLDS
            if not self._answers and self._blocked_for >= SLOW_ANSWER:
                self._blocked_bytes, self._blocked_for = 0, 0.0
                self._slow_round(now - waited, now)

    def asks(self) -> bool:
        """Tell whether the terminal is to be asked now, and count the question as asked."""
        with self._lock:
            if self._written - self._asked < ASK_EVERY:
                return False
            if not self._answers and len(self._questions) >= UNHEARD:
                return False
            self._asked = self._written
            self._questions.append(_Question(self._clock(), self._written, self._written - self._seen))
            return True

    def answered(self) -> bool:
        """Hear an answer; tell whether one was expected."""
        with self._lock:
            if not self._questions:
                expected, self._lost = self._lost > 0, max(0, self._lost - 1)
                return expected
            question, now = self._questions.popleft(), self._clock()
            took = now - question.at
            self._answers = True
            self._seen = max(self._seen, question.upto)
            self._patience = self._usual_patience = max(PATIENCE, 2 * took)
            if question.under_way > WINDOW:
                # Whoever types finds the line free at least half of the time.
                self._rest_until = now + min(took, LONGEST_REST)
            if took >= SLOW_ANSWER:
                self._slow_round(question.at, now)
            elif question.under_way > WINDOW:
                self._slow_rounds = 0
            return True

    def typed(self) -> None:
        """Hear that somebody is there: a lost answer is no longer waited for at length."""
        with self._lock:
            self._patience = min(self._patience, self._usual_patience)

    def forget(self) -> None:
        """Begin anew: the terminal may be another one now."""
        with self._lock:
            self._give_up()
            self._asked = self._seen = self._taken = self._written
            self._kernel = self._rest_until = 0.0

    # What follows from it

    @property
    def patience(self) -> float:
        """Seconds that an answer is waited for."""
        return self._patience

    @property
    def expects_answer(self) -> bool:
        """True while an answer may still come."""
        return bool(self._questions) or self._lost > 0

    @property
    def awaits_answer(self) -> bool:
        """True while an answer should come: the terminal was asked, and is one that answers."""
        return self._answers and bool(self._questions)

    @property
    def is_slow(self) -> bool:
        """True once the line has proven slow."""
        return self._slow_rounds >= SLOW_ROUNDS

    def wait(self) -> float:
        """Return for how long no frame may be sent, 0.0 for not at all; an answer may end it earlier."""
        with self._lock:
            now = self._clock()
            waiting = self._written - self._taken
            if waiting > WINDOW:
                return waiting / self._rate if self._rate else _SOON
            return self._until_seen(now) if self._answers else self._until_drained(now)

    def rest(self) -> float:
        """Return for how long nothing should be read anew that would repaint much."""
        wait = self.wait()
        with self._lock:
            now = self._clock()
            if not self._answers:
                self._drain(now)
                return max(wait, (self._kernel - WINDOW) / (self._rate or ASSUMED_RATE))
            return max(wait, self._rest_until - now)

    def _until_seen(self, now: float) -> float:
        if self._written - self._seen <= WINDOW or not self._questions:
            return 0.0
        left = self._questions[0].at + self._patience - now
        if left > 0:
            return left
        # Lost, or the line is down. One frame goes out, and is waited for longer.
        self._give_up()
        self._seen = self._written
        self._patience = min(2 * self._patience, LONGEST_PATIENCE)
        return 0.0

    def _give_up(self) -> None:
        self._lost += len(self._questions)
        self._questions.clear()

    def _until_drained(self, now: float) -> float:
        self._drain(now)
        if self._rate is None or self._kernel <= WINDOW:
            return 0.0
        return (self._kernel - WINDOW) / self._rate

    def _drain(self, now: float) -> None:
        drained = (self._rate or ASSUMED_RATE) * (now - self._kernel_at)
        self._kernel = max(0.0, self._kernel - drained)
        self._kernel_at = now

    def _slow_round(self, began: float, ended: float) -> None:
        """Count a slow round, but what was under way together as one."""
        if began >= self._slow_since:
            self._slow_since = ended
            self._slow_rounds += 1

"""The top of the dashboard: who, where, whether the view is live and somebody works; then the counts."""

from dataclasses import dataclass, field, replace
from time import monotonic
from typing import ClassVar

from rich.cells import cell_len

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.glyphs import GLYPHS, status_text
from jobmon_tui.domain.roles import Actor
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.look import Overview
from jobmon_tui.tui import rows
from jobmon_tui.tui.day import Day
from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.times import zone_names
from jobmon_tui.tui.widgets import day_chart
from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said, both_ends

AGE_EVERY = 30.0
"""Seconds between two of the data's ages while nothing else changes: each costs bytes on a slow line."""
_FORMS = (
    (3, False, True),
    (2, False, True),
    (2, True, True),
    (1, True, True),
    (2, True, False),
)
"""How the counts are written: the gap between them, whether shortened, whether with the word."""
_WHOLE, _APART = 2, 3
"""How many of these forms are not shortened; cells between the counts and the last 24 hours."""


@dataclass(frozen=True, slots=True)
class HeaderState:
    """What the header says. `old` is since when the data is old, and why; None while it is live."""

    actor: Actor
    database: str
    overview: Overview | None = None
    old: str | None = None
    running_here: int | None = None
    """How many reports run inside this dashboard; None where its scheduler is off."""
    filtered: frozenset[Status] = field(default_factory=frozenset)
    day: Day | None = None
    """The last 24 hours, None where they are not known."""
    charts: bool = True
    """Whether charts stand beside the figures of the day."""
    as_of: str = ""
    """Of when the data is, on a slow line."""


class HeaderBar(PlainLines):
    """Two lines."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header--name",
        "header--muted",
        "header--live",
        "header--warning",
        "header--chosen",
        *(f"header--{status.value.lower()}" for status in Status),
    }
    DEFAULT_CSS = """
    HeaderBar { height: 2; background: $panel; color: $text; }
    HeaderBar > .header--name { color: $text; text-style: bold; }
    HeaderBar > .header--muted { color: $text-muted; }
    HeaderBar > .header--live { color: $text-success; }
    HeaderBar > .header--warning { color: $text-warning; text-style: bold; }
    HeaderBar > .header--chosen { color: $text; text-style: bold reverse; }
    HeaderBar > .header--queued { color: $status-queued; }
    HeaderBar > .header--running { color: $status-running; }
    HeaderBar > .header--succeeded { color: $status-succeeded; }
    HeaderBar > .header--failed { color: $status-failed; }
    HeaderBar > .header--cancelled { color: $status-cancelled; }
    """

    def __init__(self, state: HeaderState, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._state = state
        self._put_at = monotonic()

    def put(self, state: HeaderState) -> None:
        """Say this; where only the data's age differs, not every time."""
        now, before = monotonic(), self._state
        aged = before.as_of and state == replace(before, as_of=state.as_of)
        if not aged or now - self._put_at >= AGE_EVERY:
            self._state, self._put_at = state, now
        self.say()

    def compose_lines(self, width: int) -> Said:
        """Return both lines."""
        return (self._who_and_how(width), self._counts(width))

    def _who_and_how(self, width: int) -> tuple[Piece, ...]:
        state = self._state
        who = (
            Piece(f" {one_line(state.actor.name, 24)}", "header--name"),
            Piece(f" {state.actor.role.value}"),
            *((Piece(" · read only", "header--warning"),) if state.actor.read_only else ()),
        )
        where = Piece(f" · {one_line(state.database, 60)}", "header--muted")
        if state.old is not None:
            # Why the data is old matters more now than which database it is.
            said = Piece(f"! not connected{one_line(state.old)} ", "header--warning")
            room = width - sum(cell_len(piece.text) for piece in who) - 2
            return both_ends([*who, where], [Piece(rows.cut(said.text, room), said.style)], width)
        right: list[Piece] = []
        if state.overview is None:
            right = [Piece("connecting … ", "header--muted")]
        else:
            if state.running_here is not None:
                right.append(Piece(f"runs reports here: {state.running_here} · "))
            if not state.overview.workers:
                right.append(Piece("! no worker alive", "header--warning"))
                right.append(Piece(" · "))
            right.append(Piece(f"{zone_names()} · ", "header--muted"))
            right.append(Piece(f"● {state.as_of or 'live'} ", "header--live"))
        return both_ends([*who, where], right, width)

    def _counts(self, width: int) -> tuple[Piece, ...]:
        """Return the counts in the longest form that fits, and the last 24 hours where they have room.

        For these the counts move together, but are never shortened.
        """
        if self._state.overview is None:
            return ()
        lines = [self._count_line(*form) for form in _FORMS]
        day = self._state.day
        for said in day_chart.forms(day, charts=self._state.charts) if day is not None else ():
            for line in lines[:_WHOLE]:
                if day_chart.cells(line) + _APART + day_chart.cells(said) <= width:
                    return both_ends(line, said, width)
        fitting = (line for line in lines if day_chart.cells(line) <= width)
        return both_ends(next(fitting, lines[-1]), [], width)

    def _count_line(self, gap: int, compact: bool, word: bool) -> tuple[Piece, ...]:
        """Return the counts, each with the key that filters by it."""
        overview = self._state.overview
        line = [Piece(" ")]
        for status in Status if overview is not None else ():
            key = key_of(self, f"only_{status.name.lower()}")
            count = rows.number(overview.counts.get(status, 0) if overview else 0, compact=compact)
            chosen = status in self._state.filtered
            line += [
                Piece(f"[{key}" if chosen else key, "header--muted"),
                Piece(
                    f" {status_text(status) if word else GLYPHS[status]} {count}",
                    "header--chosen" if chosen else f"header--{status.value.lower()}",
                ),
                Piece("]" if chosen else "", "header--muted"),
                Piece(" " * gap),
            ]
        return tuple(line[:-1])

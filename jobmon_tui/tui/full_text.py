"""Everything that an execution said, as one long text: its error, then what it printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jobmon_tui.domain.execution import ExecutionDetails, Status
from jobmon_tui.domain.text import clean
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.services.records import StoredOutput

_TAB = 8
_MANY_TABS = 100_000
"""Beyond so many tabs each becomes one space: megabytes of them would become eight times as many."""
_SAME, _TRIES = 32, 1_000
"""Characters that are looked for to find a place again, and how many of the places found are compared."""
NOTHING = {
    Status.QUEUED: "It has not started.",
    Status.RUNNING: "It has printed nothing so far.",
}


class Mark(NamedTuple):
    """A part of the text that is ours and not the program's. `style` names how it looks."""

    start: int
    end: int
    style: str


@dataclass(frozen=True, slots=True)
class FullText:
    """The text, cleaned, without a newline at its end. The output begins at `body`.

    What was kept of its end begins at `tail`; 0 where everything was kept.
    """

    text: str = ""
    marks: Sequence[Mark] = ()
    body: int = 0
    tail: int = 0

    def style_at(self, offset: int) -> str:
        """Return the style of a place; empty where the program itself speaks."""
        return next((mark.style for mark in self.marks if mark.start <= offset < mark.end), "")

    @property
    def headings(self) -> Sequence[int]:
        """Where the parts begin, the first at 0."""
        return [0, *(mark.start for mark in self.marks if mark.style == "heading" and mark.start)]

    def place_in(self, later: "FullText", offset: int) -> int:
        """Return where what stands at `offset` is found in a later text of the same execution.

        An error comes in above; and of the end only so much is kept, so that it moves up with what follows.
        """
        if offset < self.body or not self.text:
            return offset
        moved = offset + later.body - self.body
        same = self.tail or later.gap - later.body + self.body
        if not later.tail or offset < same:
            return min(moved, len(later.text))
        kept = later.text[later.tail :]
        at = same - 1
        for _ in range(_TRIES):
            at = self.text.find(kept[:_SAME], at + 1)
            if at < 0:
                break
            if kept.startswith(self.text[at:]):
                return max(later.tail, later.tail + offset - at)
        return later.tail

    @property
    def gap(self) -> int:
        """Where it is said what was not kept; the end of the text where all was."""
        return next((mark.start for mark in self.marks if mark.style == "gap"), len(self.text))


def error_parts(details: ExecutionDetails) -> tuple[str, str]:
    """Return what an execution says went wrong, cleaned: in one line, and what stands below that."""
    said = clean(details.execution.error or "").strip()
    detail = clean(details.error_detail or "").strip()
    first, _, rest = detail.partition("\n")
    return said, rest.strip("\n") if first == said else detail


def dropped(output: StoredOutput) -> int:
    """Return how many bytes between the kept start and the kept end were not kept."""
    return max(0, output.tail_start - len(output.head.encode(errors="replace"))) if output.is_cut else 0


def size_words(size: int) -> str:
    """Return a size in bytes in words, such as `812 bytes` or `3.4 MB (3,355,443 bytes)`."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name} ({size:,} bytes)"
    return f"{size} {'byte' if size == 1 else 'bytes'}"


def full_text(story: ExecutionStory, *, tabs: bool = False) -> FullText:
    """Return the whole text of an execution. `tabs` keeps tabs as they are, for a program that knows them."""
    details, output = story.details, story.output
    said, more = error_parts(details)
    text = _Joined(tabs=tabs)
    if said or more:
        text.add("Error", "heading")
        text.add(said, "error")
        text.add(more)
        text.add("\nOutput", "heading")
    body = text.length if said or more else 0
    text.add(clean(output.head).rstrip("\n"))
    if not output.is_cut:
        if not output.head:
            text.add(NOTHING.get(details.execution.status, "It printed nothing."), "muted")
        return text.whole(body, 0)
    text.add(f"… {size_words(dropped(output))} not kept …", "gap")
    tail = text.length
    text.add(clean(output.tail).rstrip("\n"))
    return text.whole(body, min(tail, text.length - 1))


class _Joined:
    """Parts one below the other."""

    def __init__(self, *, tabs: bool) -> None:
        self._tabs = tabs
        self._parts: list[str] = []
        self._marks: list[Mark] = []
        self.length = 0
        """Where the next part will begin."""

    def add(self, part: str, style: str = "") -> None:
        if not part:
            return
        if not self._tabs and "\t" in part:
            part = part.expandtabs(_TAB if part.count("\t") < _MANY_TABS else 1)
        if style:
            blank = len(part) - len(part.lstrip("\n"))
            self._marks.append(Mark(self.length + blank, self.length + len(part), style))
        self._parts.append(part)
        self.length += len(part) + 1

    def whole(self, body: int, tail: int) -> FullText:
        return FullText("\n".join(self._parts), tuple(self._marks), body, tail)

"""Which audit entries are wanted: by a list's filter, and by the words of a search."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from jobmon_tui.domain.audit import has_parts
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import GREATEST_ID
from jobmon_tui.domain.search import split
from jobmon_tui.domain.text import clean
from jobmon_tui.domain.times import parse_since

OUTCOMES: Final = ("allowed", "refused")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries a list shows; empty fields do not narrow, the others do so together, exactly.

    `execution_id` is what an entry is about, or what it made. `since` and `until` are in UTC, both inclusive.
    """

    actor: str | None = None
    action: str | None = None
    outcome: str | None = None
    execution_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERY_ENTRY: Final = AuditFilter()


class Searched(Protocol):
    """What a search looks at of an entry."""

    @property
    def actor(self) -> str: ...  # noqa: D102
    @property
    def action(self) -> str: ...  # noqa: D102
    @property
    def outcome(self) -> str: ...  # noqa: D102
    @property
    def code(self) -> str | None: ...  # noqa: D102
    @property
    def execution_id(self) -> int | None: ...  # noqa: D102
    @property
    def new_execution_id(self) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What a text asks for: `parts` of whatever is looked at, `within` parts of single fields, all folded.

    `wanted` narrows by execution and time only.
    """

    parts: Sequence[str] = ()
    within: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wanted: AuditFilter = EVERY_ENTRY

    def finds(self, entry: Searched) -> bool:
        """Tell whether an entry that fits `wanted` holds every part."""
        for name, parts in self.within.items():
            held = str(getattr(entry, name)).casefold()
            if not all(part in held for part in parts):
                return False
        return has_parts(
            self.parts,
            actor=entry.actor,
            action=entry.action,
            outcome=entry.outcome,
            code=entry.code,
            execution_id=entry.execution_id,
            new_execution_id=entry.new_execution_id,
        )

    def look_through(self, entries: Iterable[tuple[int, Searched]], limit: int) -> "Looked":
        """Look at entries, each with its id, until so many were found."""
        looked, last, found = 0, None, []
        for entry_id, entry in entries:
            looked, last = looked + 1, entry_id
            if self.finds(entry):
                found.append(entry_id)
                if len(found) == limit:
                    break
        return Looked(found, looked, last)


@dataclass(frozen=True, slots=True)
class Looked:
    """The ids that were found among so many entries, and the id of the last one that was looked at."""

    found: Sequence[int]
    count: int
    last: int | None

    def looked_to(self, limit: int, span: int) -> int | None:
        """Return where to look on; None where fewer than `span` were there, and all were looked at."""
        ended = self.count < span and len(self.found) < limit
        return None if ended else self.last


def parse_search(text: str, now: datetime | None = None) -> AuditSearch:
    """Read parts, and words such as `actor:ada action:retry outcome:refused execution:12 since:2h until:1h`.

    Any text is read: what is no such word stands for itself, as a part. `now` is what `2h` counts back from.
    """
    parts: list[str] = []
    within: dict[str, list[str]] = {}
    wanted = EVERY_ENTRY
    for word in split(clean(text)):
        narrowed = _narrowed(wanted, word.key, word.value, now)
        value = word.value.strip()
        if word.key in ("actor", "action", "outcome"):
            if value:
                within.setdefault(word.key, []).append(value.casefold())
        elif narrowed is not None:
            wanted = narrowed
        elif word.key is not None:
            parts.append(f"{word.key}:{word.value}".casefold())
        else:
            parts += word.value.casefold().split()
    return AuditSearch(tuple(parts), {name: tuple(each) for name, each in within.items()}, wanted)


def _narrowed(wanted: AuditFilter, key: str | None, value: str, now: datetime | None) -> AuditFilter | None:
    if key == "execution":
        number = value.removeprefix("#")
        if number.isascii() and number.isdigit() and int(number) <= GREATEST_ID:
            return replace(wanted, execution_id=int(number))
    if key in ("since", "until"):
        try:
            # Searches are folded; Python reads no small z.
            moment = parse_since(value.upper(), now)
        except JobmonError:
            return None
        return replace(wanted, since=moment) if key == "since" else replace(wanted, until=moment)
    return None

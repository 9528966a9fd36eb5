"""The language of the dashboard's search: `status:failed report:sales error:timeout since:2h by:alice`.

Words stand between spaces; one that holds spaces, or a colon of its own, stands in double quotes, in which a
quote is written twice. Words without a key are a part of the report's name. Any text is read; none raises.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.times import parse_since


class Key(StrEnum):
    """What a word may say."""

    STATUS = "status"
    REPORT = "report"
    ERROR = "error"
    SINCE = "since"
    BY = "by"


KEYS_LINE = " ".join(f"{key}:" for key in Key)
STATUSES_LINE = " ".join(status.value.lower() for status in Status)
TIMES_LINE = "2h 3d today 2026-01-31 2026-01-31T08:00"
_KEYED = re.compile(r"([A-Za-z]+):")
_TIME_BEGUN = re.compile(r"[0-9][0-9dhms.:+tz-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was typed: characters `start` to `end`, its `value`, without quotes, from `begin` on.

    `key` is what stands before the colon, in small letters, None without one. `open` is True where the
    closing quote is missing.
    """

    start: int
    begin: int
    end: int
    key: str | None
    value: str
    quoted: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What was not understood: characters `start` to `end`, and one plain line what would be."""

    start: int
    end: int
    message: str


@dataclass(frozen=True, slots=True)
class Search:
    """What a text asks for; empty fields do not narrow. `since` is in UTC, `since_text` how it was typed."""

    statuses: frozenset[Status] = frozenset()
    name: str | None = None
    error: str | None = None
    since: datetime | None = None
    since_text: str | None = None
    by: str | None = None
    words: Sequence[Word] = ()
    problems: Sequence[Problem] = ()
    begun: str | None = None
    """What may stand in the last word, where that is only begun: no mistake yet."""


def split(text: str) -> Sequence[Word]:
    """Return the words of a text, left to right; between and around them stand only spaces."""
    return list(_words(text))


def _words(text: str) -> Iterator[Word]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        keyed = _KEYED.match(text, at)
        begin = keyed.end() if keyed else at
        quoted = text.startswith('"', begin)
        end, value, is_open = _quoted(text, begin) if quoted else (begin, "", False)
        while end < len(text) and not text[end].isspace():
            value += text[end]
            end += 1
        yield Word(at, begin, end, keyed[1].lower() if keyed else None, value, quoted, is_open)
        at = end


def _quoted(text: str, begin: int) -> tuple[int, str, bool]:
    """Return where the quoted part that begins here ends, what it says, and whether its end is missing."""
    at, value = begin + 1, ""
    while at < len(text):
        if text[at] != '"':
            value += text[at]
            at += 1
        elif text.startswith('""', at):
            value += '"'
            at += 2
        else:
            return at + 1, value, False
    return at, value, True


def parse(text: str, now: datetime | None = None) -> Search:
    """Return what a text asks for: what is understood narrows, whatever else stands beside it.

    `now` is what a length such as `2h` counts back from.
    """
    words = split(text)
    search = Search(words=words)
    free: list[str] = []
    for word in words:
        is_last = word.end == len(text)
        if word.key is None:
            if word.value.strip():
                free.append(word.value)
        elif word.key not in tuple(Key):
            message = f"Not one of {KEYS_LINE}; else quote it"
            search = _wrong(search, Problem(word.start, word.begin, message))
        elif not word.value.strip():
            search = _without_value(search, word, is_last=is_last)
        else:
            search = _READERS[Key(word.key)](search, word, now, is_last)
    if free and search.name is not None:
        first = next(word for word in words if word.key is None and word.value.strip())
        message = "The report's name is there twice: quote it whole, once"
        return _wrong(search, Problem(first.start, first.end, message))
    return replace(search, name=" ".join(free)) if free else search


def may_become_key(text: str) -> bool:
    """Tell whether the last word may be the beginning of a key, such as `sta` of `status:`."""
    words = split(text)
    if not words or words[-1].end != len(text) or words[-1].key is not None or words[-1].quoted:
        return False
    return any(key.value.startswith(words[-1].value.lower()) for key in Key)


def _wrong(search: Search, problem: Problem) -> Search:
    return replace(search, problems=(*search.problems, problem))


_CHOICES = {
    Key.STATUS: STATUSES_LINE,
    Key.REPORT: "a part of the report's name",
    Key.ERROR: "a part of the error",
    Key.SINCE: TIMES_LINE,
    Key.BY: "the account that asked for it",
}


def _without_value(search: Search, word: Word, *, is_last: bool) -> Search:
    choices = _CHOICES[Key(str(word.key))]
    if is_last:
        return replace(search, begun=f"{word.key}: {choices}")
    message = f"No space here: {choices}"
    return _wrong(search, Problem(word.start, word.end, message))


def _read_statuses(search: Search, word: Word, _now: datetime | None, is_last: bool) -> Search:
    at = word.begin
    if is_last and word.value.endswith(","):
        search = replace(search, begun=f"status: {STATUSES_LINE}")
    for part in word.value.split(","):
        name = part.strip().lower()
        found = [status for status in Status if name and status.value.lower().startswith(name)]
        if found:
            search = replace(search, statuses=search.statuses | {*found})
        elif name:
            span = (word.begin, word.end) if word.quoted else (at, at + len(part))
            message = f"Not one of {STATUSES_LINE}"
            search = _wrong(search, Problem(*span, message))
        at += len(part) + 1
    return search


def _twice(search: Search, word: Word) -> Search:
    return _wrong(search, Problem(word.start, word.end, "Twice: the first one counts"))


def _read_report(search: Search, word: Word, _now: datetime | None, _is_last: bool) -> Search:
    return _twice(search, word) if search.name is not None else replace(search, name=word.value)


def _read_error(search: Search, word: Word, _now: datetime | None, _is_last: bool) -> Search:
    return _twice(search, word) if search.error is not None else replace(search, error=word.value)


def _read_by(search: Search, word: Word, _now: datetime | None, _is_last: bool) -> Search:
    return _twice(search, word) if search.by is not None else replace(search, by=word.value)


def _read_since(search: Search, word: Word, now: datetime | None, is_last: bool) -> Search:
    if search.since is not None:
        return _twice(search, word)
    try:
        return replace(search, since=parse_since(word.value, now), since_text=word.value)
    except JobmonError:
        if is_last and (_TIME_BEGUN.fullmatch(word.value) or "today".startswith(word.value.lower())):
            return replace(search, begun=f"since: {TIMES_LINE}")
        message = f"Not a time such as {TIMES_LINE}"
        return _wrong(search, Problem(word.begin, word.end, message))


_READERS = {
    Key.STATUS: _read_statuses,
    Key.REPORT: _read_report,
    Key.ERROR: _read_error,
    Key.SINCE: _read_since,
    Key.BY: _read_by,
}


def quote(value: str) -> str:
    """Return a value as one word: in quotes where it would not read back as it is without."""
    words = split(value)
    plain = len(words) == 1 and words[0].key is None and not words[0].quoted and words[0].value == value
    return value if plain else '"' + value.replace('"', '""') + '"'


def search_text(search: Search) -> str:
    """Return the text that asks for the same; what was not understood is not in it."""
    parts = [f"status:{_status_names(search.statuses)}"] if search.statuses else []
    valued = (
        (Key.REPORT, search.name),
        (Key.ERROR, search.error),
        (Key.SINCE, search.since_text),
        (Key.BY, search.by),
    )
    parts += [f"{key}:{quote(value)}" for key, value in valued if value]
    return " ".join(parts)


def _status_names(statuses: frozenset[Status]) -> str:
    return ",".join(status.value.lower() for status in Status if status in statuses)


def with_statuses(text: str, statuses: frozenset[Status]) -> str:
    """Return a text that asks for these statuses; every other word stays as it was typed."""
    kept = [each for each in split(text) if each.key != Key.STATUS]
    others = [text[each.start : each.end] + ('"' if each.open else "") for each in kept]
    return " ".join([f"status:{_status_names(statuses)}", *others] if statuses else others)

"""What the word that is being typed may become: keys, statuses, times, and the names that are known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.search import Key, Word, quote, split
from jobmon_tui.domain.text import one_line

TIMES = ("2h", "24h", "7d", "today")
MOST = 50
"""Completions at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """The names that can be completed: as many as were read, in any order."""

    reports: Sequence[str] = ()
    accounts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """The whole `text` after a completion, the `label` it goes by, and the `rest` that was not typed yet.

    `rest` is empty where what was typed is not the beginning of the label.
    """

    text: str
    label: str
    rest: str


def completions(text: str, known: Known) -> Sequence[Completion]:
    """Return what the last word of a text may become, the most likely first; none where it is complete."""
    words = split(text)
    last = words[-1] if words and words[-1].end == len(text) else None
    if last is None:
        return ()
    before = text[: last.start]
    if last.key is None:
        return () if last.quoted else _free(before, last.value, known, alone=len(words) == 1)
    if last.key == Key.STATUS:
        return () if last.quoted else _statuses(text, last)
    if last.quoted and not last.open:
        return ()
    choices: Iterable[str] = ()
    if last.key == Key.REPORT:
        choices = _plain(known.reports)
    elif last.key == Key.BY:
        choices = _plain(known.accounts)
    elif last.key == Key.SINCE:
        choices = TIMES
    prefix = text[: last.begin]
    return _picked(last.value, ((f"{prefix}{quote(each)}", each) for each in choices))


def _plain(names: Sequence[str]) -> Iterable[str]:
    """Give the names that can be shown as they are."""
    return (name for name in sorted(names, key=str.casefold) if name and one_line(name) == name)


def _picked(typed: str, choices: Iterable[tuple[str, str]]) -> Sequence[Completion]:
    """Return the choices that begin with what was typed, then those that hold it, in any case of letters."""
    wanted = typed.casefold()
    begun, held = [], []
    for text, label in choices:
        if label.casefold() == wanted:
            continue
        if label[: len(typed)].casefold() == wanted:
            begun.append(Completion(text, label, label[len(typed) :]))
        elif wanted in label.casefold():
            held.append(Completion(text, label, ""))
    return [*begun, *held][:MOST]


def _free(before: str, typed: str, known: Known, *, alone: bool) -> Sequence[Completion]:
    keys = [f"{key}:" for key in Key if key.value.startswith(typed.lower())]
    found = list(_picked(typed, ((before + key, key) for key in keys)))
    if alone and len(typed) > 1:
        names = ((before + quote(name), name) for name in _plain(known.reports))
        found += [each for each in _picked(typed, names) if each.rest]
    return found[:MOST]


def _statuses(text: str, last: Word) -> Sequence[Completion]:
    *there, typed = last.value.split(",")
    names = [status.value.lower() for status in Status]
    choices = [name for name in names if name not in {each.strip().lower() for each in there}]
    prefix = text[: last.end - len(typed)]
    return [each for each in _picked(typed, ((prefix + name, name) for name in choices)) if each.rest]

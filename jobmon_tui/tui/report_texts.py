"""A report as the texts of a form, and back: pure functions.

A text that was not touched gives back the very value it came from, so that what the form cannot say (a time
limit of 0.3 s, a parameter that a runner of another package knows) outlives an edit.
"""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jobmon_tui.domain.report import MISFIRES, ON_LOST, ReportDraft
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.domain.times import length_text, parse_length
from jobmon_tui.services.problems import Problem

RUNNERS: Final = ("sql", "command")
FORMATS: Final = ("csv", "jsonl", "xlsx")
NO_YES: Final = ("no", "yes")
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FieldKind:
    """One field of the form. `runner`: only where that runner is chosen (`""`: every other one's)."""

    key: str
    label: str
    hint: str = ""
    choices: Sequence[str] = ()
    many_lines: bool = False
    runner: str | None = None


FIELDS: Final = (
    FieldKind("name", "Name"),
    FieldKind("runner", "Runner", choices=RUNNERS),
    FieldKind(
        "parameters.source", "Source", "such as sqlite:///data.db or postgresql://user@host/db", runner="sql"
    ),
    FieldKind("parameters.query", "Query", many_lines=True, runner="sql"),
    FieldKind("parameters.format", "Format", choices=FORMATS, runner="sql"),
    FieldKind("parameters.filename", "File name", "empty: after the report", runner="sql"),
    FieldKind(
        "parameters.command",
        "Command",
        "the program and its arguments; quotes keep one with spaces together",
        many_lines=True,
        runner="command",
    ),
    FieldKind("parameters.directory", "Directory", "the folder it runs in; empty: home", runner="command"),
    FieldKind(
        "parameters.environment", "Environment", "NAME=VALUE, one a line", many_lines=True, runner="command"
    ),
    FieldKind("parameters", "Parameters", "as JSON", many_lines=True, runner=""),
    FieldKind("schedule", "Schedule", "cron, such as 0 6 * * 1-5; empty: only by hand"),
    FieldKind("timezone", "Time zone", "such as Europe/Berlin; empty: UTC"),
    FieldKind("timeout", "Time limit", "such as 10m or 1h30m; empty: none"),
    FieldKind("misfire", "Missed times", choices=MISFIRES),
    FieldKind("overlap", "May overlap", choices=NO_YES),
    FieldKind("max_concurrent", "At once", "how many of it run at once; empty: no limit"),
    FieldKind("max_retries", "Retries", "how often a failed one is retried by itself; empty: never"),
    FieldKind("retry_delay", "Retry after", "such as 45s or 10m, doubled each time; empty: 1m"),
    FieldKind("on_lost", "Worker lost", choices=ON_LOST),
    FieldKind("queue", "Queue", "empty: default"),
    FieldKind("priority", "Priority", "higher ones are taken first; empty: 0"),
)
_LONGEST: Final = 100_000
"""Characters of a field of one line."""
_DEFAULT: Final = ReportDraft("", "sql", {})


def shown_for(field: FieldKind, runner: str) -> bool:
    """Tell whether a field belongs to a report with this runner."""
    if field.runner is None:
        return True
    return field.runner == (runner if runner in RUNNERS else "")


def texts_of(draft: ReportDraft | None) -> dict[str, str]:
    """Return the text of each field, of every runner's; those of a new report where `draft` is None."""
    report = draft or _DEFAULT
    parameters = report.parameters
    texts = {
        "name": report.name,
        "runner": report.runner,
        "schedule": report.schedule or "",
        "timezone": report.timezone,
        "timeout": "" if report.timeout is None else _length(report.timeout),
        "misfire": report.misfire,
        "overlap": NO_YES[report.overlap],
        "max_concurrent": "" if report.max_concurrent is None else str(report.max_concurrent),
        "max_retries": str(report.max_retries),
        "retry_delay": _length(report.retry_delay),
        "on_lost": report.on_lost,
        "queue": report.queue,
        "priority": str(report.priority),
        "parameters": json.dumps(dict(parameters), indent=2, ensure_ascii=False) if parameters else "{}",
    }
    for key in ("source", "query", "format", "filename", "directory"):
        value = parameters.get(key, "")
        texts[f"parameters.{key}"] = value if isinstance(value, str) else ""
    texts["parameters.format"] = texts["parameters.format"] or FORMATS[0]
    command = parameters.get("command", ())
    texts["parameters.command"] = shlex.join(command) if _are_texts(command) else ""
    environment = parameters.get("environment", {})
    known = environment if isinstance(environment, Mapping) else {}
    texts["parameters.environment"] = "\n".join(
        f"{shlex.quote(str(name))}={_quoted(str(known[name]))}" for name in known
    )
    # Fields write to the terminal what they hold.
    return {
        field.key: clean(texts[field.key]) if field.many_lines else one_line(texts[field.key], _LONGEST)
        for field in FIELDS
    }


def _are_texts(value: object) -> bool:
    return isinstance(value, Sequence) and all(isinstance(each, str) for each in value)


def _quoted(value: str) -> str:
    return shlex.quote(value) if value else ""


def _length(seconds: float) -> str:
    return "0s" if seconds == 0 else length_text(seconds) or f"{seconds:g}"


def draft_of(texts: Texts, base: ReportDraft | None = None) -> tuple[ReportDraft, Sequence[Problem]]:
    """Return the report that the texts say, and what cannot be read; `base` is what they came from."""
    reader = _Reader(texts, base)
    runner = texts["runner"]
    draft = ReportDraft(
        name=reader.value("name", str),
        runner=runner,
        parameters=reader.parameters(runner),
        schedule=reader.value("schedule", lambda text: text or None),
        timezone=reader.value("timezone", lambda text: text or _DEFAULT.timezone),
        timeout=reader.value("timeout", lambda text: parse_length(text) if text else None),
        queue=reader.value("queue", lambda text: text or _DEFAULT.queue),
        priority=reader.value("priority", lambda text: _whole(text) if text else _DEFAULT.priority),
        misfire=reader.value("misfire", str),
        overlap=reader.value("overlap", lambda text: text == NO_YES[1]),
        max_concurrent=reader.value("max_concurrent", lambda text: _whole(text) if text else None),
        max_retries=reader.value("max_retries", lambda text: _whole(text) if text else _DEFAULT.max_retries),
        retry_delay=reader.value(
            "retry_delay", lambda text: parse_length(text) if text else _DEFAULT.retry_delay
        ),
        on_lost=reader.value("on_lost", str),
    )
    return draft, reader.problems


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


class _Reader:
    def __init__(self, texts: Texts, base: ReportDraft | None) -> None:
        self.problems: list[Problem] = []
        self._texts = texts
        self._base = base
        self._before = texts_of(base)

    def value(self, key: str, read: Callable[[str], Any]) -> Any:
        """Return the value of a field: as it was where its text is, else as read."""
        if self._texts[key] == self._before[key]:
            return getattr(self._base or _DEFAULT, key)
        try:
            return read(self._texts[key].strip())
        except ValueError as error:
            self.problems.append(Problem(key, str(error)))
            return getattr(_DEFAULT, key)

    def parameters(self, runner: str) -> Mapping[str, Any]:
        """Return the parameters of the chosen runner; those that no field shows stay as they were."""
        same = self._base is not None and self._base.runner == runner
        kept = dict(self._base.parameters) if self._base is not None and same else {}
        if runner not in RUNNERS:
            return self._json(kept)
        for field in FIELDS:
            if field.runner != runner:
                continue
            name, text = field.key.removeprefix("parameters."), self._texts[field.key]
            if same and text == self._before[field.key]:
                continue
            kept.pop(name, None)
            if text.strip():
                try:
                    kept[name] = _PARAMETERS.get(name, str.strip)(text)
                except ValueError as error:
                    self.problems.append(Problem(field.key, str(error)))
        return kept

    def _json(self, kept: dict[str, Any]) -> Mapping[str, Any]:
        if self._texts["parameters"] == self._before["parameters"]:
            return kept
        try:
            found = json.loads(self._texts["parameters"])
        except ValueError as error:
            self.problems.append(Problem("parameters", f"this is not JSON: {error}"))
            return kept
        if not isinstance(found, dict):
            self.problems.append(Problem("parameters", 'must be a JSON object, such as {"key": "value"}'))
            return kept
        return found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("a quote or a backslash at its end is left open") from None


def _variables(text: str) -> dict[str, str]:
    found = {}
    for word in _words(text):
        name, separator, value = word.partition("=")
        if not name or not separator:
            raise ValueError("write each as NAME=VALUE, in quotes where the value has spaces")
        found[name] = value
    return found


_PARAMETERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "query": lambda text: text,
    "command": _words,
    "environment": _variables,
}


def row_of(key: str, rows: Sequence[str]) -> str | None:
    """Return the field that a problem's key is about: `parameters.command[0]` is the command's."""
    plain = key.partition("[")[0]
    fitting = [row for row in rows if plain == row or plain.startswith(f"{row}.")]
    return max(fitting, key=len, default=None)


def firings_text(moments: Sequence[datetime], timezone: str) -> str:
    """Return the next due times on the clock that the schedule goes by; empty where there are none."""
    if not moments:
        return ""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    local = [moment.astimezone(zone) for moment in moments]
    return "fires " + ", ".join(f"{each:%a %m-%d %H:%M:%S}".removesuffix(":00") for each in local)

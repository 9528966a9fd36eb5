"""Report files: read with every mistake named by line and key, written so that reading gives the same."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from jobmon_tui.bootstrap import report_catalog
from jobmon_tui.cli.toml_text import pairs_text
from jobmon_tui.config_file import did_you_mean
from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.domain.report import DEFAULTS, MOST_URGENT, ReportDraft
from jobmon_tui.domain.text import one_line
from jobmon_tui.domain.times import LONGEST_SECONDS, length_text, parse_length
from jobmon_tui.services.problems import problems_of
from jobmon_tui.services.reports import ReportCatalog, check_draft
from jobmon_tui.toml_lines import TomlFile

_KEYS: Final = tuple(each.name for each in fields(ReportDraft))
_TEXTS: Final = ("name", "runner", "schedule", "timezone", "queue", "misfire", "on_lost")
_NEEDED: Final = ("name", "runner")
_SQLITE: Final = re.compile(r"(sqlite(?:\+\w+)?:///)(.+)", re.IGNORECASE | re.DOTALL)
_MOST_PROBLEMS: Final = 50


def absolute_parameters(parameters: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return parameters with the paths that jobmon knows of made absolute, relative to `folder`.

    Links are not followed: a program may look at the name it was called by.
    """
    made = dict(parameters)

    def absolute(path: str) -> str:
        # What starts so is expanded, or resolved as a secret, by the runner.
        return path if path.startswith(("~", "${")) else os.path.abspath(folder / path)  # noqa: PTH100

    source = made.get("source")
    if isinstance(source, str) and (found := _SQLITE.fullmatch(source)):
        made["source"] = found[1] + absolute(found[2])
    directory = made.get("directory")
    if isinstance(directory, str) and directory:
        made["directory"] = absolute(directory)
    command = made.get("command")
    if isinstance(command, list) and command and isinstance(command[0], str) and "/" in command[0]:
        made["command"] = [absolute(command[0]), *command[1:]]
    return made


def parse_timeout(value: object) -> float:
    """Return seconds from `10m` or a number. Raises ValueError."""
    if isinstance(value, str):
        return parse_length(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("write it as 45s, 10m or 1h30m, or as a number of seconds")  # noqa: TRY004
    if value > LONGEST_SECONDS:
        raise ValueError("it is longer than a year")
    return float(value)


@dataclass(slots=True)
class _Reader:
    file: TomlFile
    catalog: ReportCatalog
    complaints: list[tuple[int, str]] = field(default_factory=list)

    def complain(self, text: str, *path: str | int) -> None:
        self.complaints.append((self.file.line(*path), f"{self.file.at(*path)}: {text}"))

    def unknown(self, key: str, known: tuple[str, ...], *path: str | int) -> None:
        self.complain(f'unknown key "{one_line(key, 60)}"{did_you_mean(key, known)}', *path)

    def text(self, raw: Mapping[str, Any], key: str, default: str, *path: str | int) -> str:
        value = raw.get(key, default)
        if isinstance(value, str):
            return value
        self.complain(f"{key}: must be text", *path, key)
        return default

    def draft(self, raw: Mapping[str, Any], *path: str | int) -> ReportDraft | None:
        before = len(self.complaints)
        for key in raw:
            if key not in _KEYS:
                self.unknown(key, _KEYS, *path, key)
        for key in _NEEDED:
            if key not in raw:
                self.complain(f"{key}: is missing", *path)
        texts = {key: self.text(raw, key, DEFAULTS.get(key, ""), *path) for key in _TEXTS if key in raw}
        timeout = None
        try:
            timeout = parse_timeout(raw["timeout"]) if "timeout" in raw else None
        except ValueError as error:
            self.complain(f"timeout: {error}", *path, "timeout")
        priority = raw.get("priority", 0)
        if isinstance(priority, bool) or not isinstance(priority, int) or abs(priority) > MOST_URGENT:
            self.complain("priority: must be a whole number", *path, "priority")
            priority = 0
        parameters = raw.get("parameters", {})
        if not isinstance(parameters, dict):
            self.complain("parameters: must be a table", *path, "parameters")
            parameters = {}
        draft = ReportDraft(
            name=texts.get("name", "?"),
            runner=texts.get("runner", ""),
            parameters=self.at_home(parameters, texts.get("runner", "")),
            schedule=texts.get("schedule") or None,
            timezone=texts.get("timezone", "UTC"),
            timeout=timeout,
            queue=texts.get("queue", "default"),
            priority=priority,
            misfire=texts.get("misfire", DEFAULTS["misfire"]),
            on_lost=texts.get("on_lost", DEFAULTS["on_lost"]),
            **self.policies(raw, *path),
        )
        if "runner" in texts:
            draft = self.checked(draft, *path)
        return draft if len(self.complaints) == before else None

    def policies(self, raw: Mapping[str, Any], *path: str | int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if isinstance(overlap := raw.get("overlap", False), bool):
            found["overlap"] = overlap
        else:
            self.complain("overlap: must be true or false", *path, "overlap")
        for key in ("max_concurrent", "max_retries"):
            value = raw.get(key)
            if isinstance(value, int) and not isinstance(value, bool):
                found[key] = value
            elif key in raw:
                self.complain(f"{key}: must be a whole number", *path, key)
        try:
            if "retry_delay" in raw:
                found["retry_delay"] = parse_timeout(raw["retry_delay"])
        except ValueError as error:
            self.complain(f"retry_delay: {error}", *path, "retry_delay")
        return found

    def at_home(self, parameters: dict[str, Any], runner: str) -> dict[str, Any]:
        folder = self.file.path.absolute().parent
        if runner == "command":
            parameters = {"directory": str(folder), **parameters}
        return absolute_parameters(parameters, folder)

    def checked(self, draft: ReportDraft, *path: str | int) -> ReportDraft:
        try:
            return check_draft(self.catalog, draft)
        except JobmonError as refusal:
            for problem in problems_of(refusal):
                inner = re.findall(r"[^.\[\]]+", problem.key)
                self.complain(str(problem) if problem.key else problem.reason, *path, *inner)
        return draft

    def read(self) -> Sequence[ReportDraft]:
        for key in self.file.values:
            if key != "report":
                self.unknown(key, ("report",), key)
        tables = self.file.values.get("report", [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            self.complain('report: write each report as a table that starts with "[[report]]"', "report")
            tables = []
        elif not tables and not self.complaints:
            self.complain('there is no report in it; each starts with "[[report]]"')
        found = []
        names: dict[str, int] = {}
        for number, raw in enumerate(tables):
            draft = self.draft(raw, "report", number)
            if draft is None:
                continue
            if draft.name in names:
                first = self.file.line("report", names[draft.name], "name")
                self.complain(
                    f"name: “{draft.name}” stands in line {first} already", "report", number, "name"
                )
            names.setdefault(draft.name, number)
            found.append(draft)
        return found


def read_report_file(path: Path, catalog: ReportCatalog | None = None) -> Sequence[ReportDraft]:
    """Return the reports of a file, checked, with absolute paths.

    Raises `invalid_input` with a line for each mistake: file, line, key, and what is wrong.
    """
    reader = _Reader(TomlFile.read(path), catalog or report_catalog())
    found = reader.read()
    if reader.complaints:
        told = [text for _line, text in sorted(reader.complaints)]
        if len(told) > _MOST_PROBLEMS:
            told = [*told[:_MOST_PROBLEMS], f"{path.name}: and {len(told) - _MOST_PROBLEMS} more"]
        raise invalid_input("\n".join(told))
    return found


def report_file_text(drafts: Sequence[ReportDraft]) -> str:
    """Return reports as a file that reads back to the same."""
    return "\n".join(_report_text(draft) for draft in drafts)


def _report_text(draft: ReportDraft) -> str:
    seconds, delay = draft.timeout, draft.retry_delay
    kept = {key: value for key in DEFAULTS if (value := getattr(draft, key)) != DEFAULTS[key]}
    if "retry_delay" in kept:
        kept["retry_delay"] = length_text(delay) or delay
    top = {
        "name": draft.name,
        "runner": draft.runner,
        "schedule": draft.schedule,
        "timezone": draft.timezone,
        "timeout": None if seconds is None else length_text(seconds) or seconds,
        "queue": None if draft.queue == "default" else draft.queue,
        "priority": draft.priority or None,
        **kept,
    }
    return f"[[report]]\n{pairs_text(top)}[report.parameters]\n{pairs_text(draft.parameters)}"

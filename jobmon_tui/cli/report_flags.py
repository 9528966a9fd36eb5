"""What the flags of `reports add` and `reports edit` say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from jobmon_tui.cli.report_file import absolute_parameters, parse_timeout, read_report_file
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.report import ReportDraft

Runner = Annotated[str | None, typer.Option(help="What runs it: sql or command.")]
Source = Annotated[str | None, typer.Option(help="sql: the database, such as sqlite:///data.db.")]
Query = Annotated[str | None, typer.Option(help="sql: the query.")]
Format = Annotated[str | None, typer.Option(help="sql: csv, jsonl or xlsx.")]
Directory = Annotated[str | None, typer.Option(help="command: the folder it runs in.")]
Environment = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="NAME=VALUE", help="command: a variable; may be repeated."),
]
Command = Annotated[
    list[str] | None, typer.Argument(metavar="-- PROGRAM ARG...", help="command: the program.")
]
Schedule = Annotated[str | None, typer.Option(help='A cron expression; "" for none.')]
Timezone = Annotated[str | None, typer.Option(help="The schedule's time zone, such as Europe/Berlin.")]
Timeout = Annotated[str | None, typer.Option(help='How long it may run: 45s, 10m, 1h30m; "" for no limit.')]
Priority = Annotated[int | None, typer.Option(help="Higher ones are taken first.")]
Misfire = Annotated[
    str | None, typer.Option(help="Due times that nobody was there to fire: once (the latest fires) or skip.")
]
Overlap = Annotated[
    bool | None, typer.Option("--overlap/--no-overlap", help="Fire though the run before has not ended.")
]
MaxConcurrent = Annotated[int | None, typer.Option(min=0, help="How many of it run at once; 0 for no limit.")]
MaxRetries = Annotated[int | None, typer.Option(min=0, help="How often a failed run is retried by itself.")]
RetryDelay = Annotated[
    str | None, typer.Option(help="Before the first automatic retry: 45s, 10m; doubled for each further one.")
]
OnLost = Annotated[
    str | None, typer.Option(help="When its worker is lost: fail, or requeue to run it once more.")
]
ReportFile = Annotated[Path | None, typer.Option("--file", help="A report file with this one report.")]


@dataclass(frozen=True, slots=True)
class Given:
    """What the flags say; None says nothing."""

    runner: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    schedule: str | None = None
    timezone: str | None = None
    timeout: str | None = None
    priority: int | None = None
    policies: Mapping[str, Any] = field(default_factory=dict)

    def over(self, draft: ReportDraft) -> ReportDraft:
        """Return the draft with what was given changed, and nothing else."""
        changes: dict[str, Any] = {
            key: value
            for key in ("runner", "timezone", "priority")
            if (value := getattr(self, key)) is not None
        }
        if self.schedule is not None:
            changes["schedule"] = self.schedule or None
        if self.timeout is not None:
            changes["timeout"] = _seconds("--timeout", self.timeout) if self.timeout else None
        same_runner = self.runner in {None, draft.runner}
        old = dict(draft.parameters) if same_runner else {}
        return replace(draft, **changes, **self.policies, parameters={**old, **self.parameters})


def _seconds(flag: str, text: str) -> float:
    try:
        return parse_timeout(text)
    except ValueError as error:
        raise invalid_input(f"{flag}: {error}") from None


def policies(
    *,
    misfire: str | None,
    overlap: bool | None,
    max_concurrent: int | None,
    max_retries: int | None,
    retry_delay: str | None,
    on_lost: str | None,
) -> Mapping[str, Any]:
    """Return the policies that were given."""
    given: dict[str, Any] = {
        "misfire": misfire,
        "overlap": overlap,
        "max_retries": max_retries,
        "on_lost": on_lost,
    }
    found = {key: value for key, value in given.items() if value is not None}
    if max_concurrent is not None:
        found["max_concurrent"] = max_concurrent or None
    if retry_delay is not None:
        found["retry_delay"] = _seconds("--retry-delay", retry_delay)
    return found


def _variables(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not name or not separator:
            raise invalid_input("--env: write it as NAME=VALUE.")
        found[name] = value
    return found


def parameters_of(
    values: dict[str, str | None], environment: list[str] | None, command: list[str] | None
) -> dict[str, Any]:
    """Return the parameters that were given, their paths made absolute."""
    given: dict[str, Any] = {key: value for key, value in values.items() if value is not None}
    if environment:
        given["environment"] = _variables(environment)
    if command:
        given["command"] = command
    return absolute_parameters(given, Path.cwd())


def from_file(path: Path, given: Given, name: str | None) -> ReportDraft:
    """Return the one report of a file, under another name if one is given. Raises `invalid_input`."""
    if given != Given():
        raise invalid_input("--file says everything; leave the other flags out.")
    drafts = read_report_file(path)
    if len(drafts) != 1:
        raise invalid_input(f"{path}: it holds {len(drafts)} reports. Use: jobmon reports import FILE")
    return drafts[0] if name is None else replace(drafts[0], name=name)

"""The answers' JSON forms, and the way back from each to what the services give.

A form is a dataclass whose fields are the JSON keys; most are the services' own dataclasses as they stand.
Times are RFC 3339 in UTC, lengths in seconds unless the name says otherwise.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from jobmon_tui.domain.audit import AuditEntry, NewAuditEntry
from jobmon_tui.domain.execution import Execution, ExecutionDetails, Status
from jobmon_tui.domain.following import Step
from jobmon_tui.domain.report import Report, ReportDraft, Skip
from jobmon_tui.services.facade import ReportOverview
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.services.records import AuditFound, StoredOutput, WorkerSeen
from jobmon_tui.services.retry import RetryReceipt
from jobmon_tui.services.workers import WorkerState

T = TypeVar("T")


@cache
def adapter(form: Any) -> TypeAdapter[Any]:
    """Return what writes and reads a form; making one is dear."""
    return TypeAdapter(form)


def write(form: Any, value: Any) -> bytes:
    """Return a form as JSON."""
    # Not checked: a text of lone surrogates is cleaned before it is stored, all else is our own.
    return adapter(form).dump_json(value)


def read(form: type[T], document: bytes) -> T:
    """Return what a server has written. Raises ValueError for anything else."""
    shape: Any = form
    found: T = adapter(shape).validate_json(document)
    return found


def _same(value: Any, source: type) -> dict[str, Any]:
    # Shallow: dataclasses.asdict would turn what is within into plain dictionaries too.
    return {each.name: getattr(value, each.name) for each in fields(source)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsForm(Execution):
    """An execution with what lists leave out. `snapshot` is the configuration as it is kept, to the byte."""

    configuration: Any
    """The same, read: an object, unless somebody has written something else past every rule."""
    snapshot: str
    error_detail: str | None = None
    queue: str
    priority: int
    output_rows: int | None = None
    output_size: int | None = None
    output_sha256: str | None = None

    @property
    def details(self) -> ExecutionDetails:
        """The execution as the services give it."""
        execution = Execution(**_same(self, Execution))
        rest = {
            each.name: getattr(self, each.name)
            for each in fields(ExecutionDetails)
            if each.name not in {"execution", "configuration"}
        }
        return ExecutionDetails(execution=execution, configuration=self.snapshot, **rest)


def _details_values(details: ExecutionDetails) -> dict[str, Any]:
    values = _same(details, ExecutionDetails)
    del values["execution"]
    try:
        configuration = json.loads(details.configuration)
    except ValueError:
        configuration = None
    return {
        **_same(details.execution, Execution),
        **values,
        "snapshot": details.configuration,
        "configuration": configuration,
    }


def details_form(details: ExecutionDetails) -> DetailsForm:
    """Return an execution's form."""
    return DetailsForm(**_details_values(details))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditForm(NewAuditEntry):
    """An entry of the audit log with its place in the chain."""

    id: int
    previous_hash: str
    hash: str

    @property
    def audited(self) -> AuditEntry:
        """The entry as the services give it."""
        return AuditEntry(self.id, NewAuditEntry(**_same(self, NewAuditEntry)), self.previous_hash, self.hash)


def audit_form(audited: AuditEntry) -> AuditForm:
    """Return an entry's form."""
    return AuditForm(
        **_same(audited.entry, NewAuditEntry),
        id=audited.id,
        previous_hash=audited.previous_hash,
        hash=audited.hash,
    )


@dataclass(frozen=True, slots=True)
class AuditFoundForm:
    """What a bounded search of the audit log has found; `looked_to` None: there is nothing more."""

    entries: Sequence[AuditForm]
    looked_to: int | None

    @property
    def found(self) -> AuditFound:
        """The find as the services give it."""
        return AuditFound([each.audited for each in self.entries], self.looked_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryForm(DetailsForm):
    """One execution with what stands around it; `waiting` says why a Queued one waits."""

    waiting: str | None
    output: StoredOutput
    lineage: Sequence[Execution]
    audit: Sequence[AuditForm]

    @property
    def story(self) -> ExecutionStory:
        """The story as the services give it."""
        audit = [each.audited for each in self.audit]
        return ExecutionStory(self.details, self.lineage, audit, self.output, self.waiting)


def story_form(story: ExecutionStory) -> StoryForm:
    """Return a story's form."""
    return StoryForm(
        **_details_values(story.details),
        waiting=story.waiting,
        output=story.output,
        lineage=story.lineage,
        audit=[audit_form(each) for each in story.audit],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetriedForm(DetailsForm):
    """The new execution, and what the retry says of itself."""

    receipt: RetryReceipt
    message: str


def retried_form(receipt: RetryReceipt, made: ExecutionDetails) -> RetriedForm:
    """Return a retry's form."""
    return RetriedForm(**_details_values(made), receipt=receipt, message=receipt.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportForm(ReportDraft):
    """A report as it is kept, with when it fires next and how it went last."""

    id: int
    version: int
    created_at: datetime
    updated_at: datetime
    paused: bool = False
    last_skip: Skip | None = None
    next_due: datetime | None = None
    last: Execution | None = None
    last_id: int | None = None
    last_status: Status | None = None

    @property
    def overview(self) -> ReportOverview:
        """The report as the services give it."""
        kept = {each.name: getattr(self, each.name) for each in fields(Report) if each.name != "draft"}
        draft = ReportDraft(**_same(self, ReportDraft))
        return ReportOverview(Report(draft=draft, **kept), self.next_due, self.last)


def report_form(
    report: Report, next_due: datetime | None = None, last: Execution | None = None
) -> ReportForm:
    """Return a report's form."""
    kept = _same(report, Report)
    del kept["draft"]
    return ReportForm(
        **_same(report.draft, ReportDraft),
        **kept,
        next_due=next_due,
        last=last,
        last_id=None if last is None else last.id,
        last_status=None if last is None else last.status,
    )


def overview_form(overview: ReportOverview) -> ReportForm:
    """Return the form of a report with what stands around it."""
    return report_form(overview.report, overview.next_due, overview.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerForm(WorkerSeen):
    """A worker; `state` is what the server knows: `alive`, or `not heard from`."""

    state: str

    @property
    def known(self) -> WorkerState:
        """The worker as the services give it."""
        return WorkerState(WorkerSeen(**_same(self, WorkerSeen)), self.state)


def worker_form(known: WorkerState) -> WorkerForm:
    """Return a worker's form."""
    return WorkerForm(**_same(known.worker, WorkerSeen), state=known.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepForm(Execution):
    """An execution as it stood once it had made a step, and when that was."""

    at: datetime


def step_form(step: Step) -> StepForm:
    """Return a step's form."""
    return StepForm(**_same(step.execution, Execution), at=step.at)


@dataclass(frozen=True, slots=True)
class PositionForm:
    """How many matching executions are newer than one."""

    newer: int


@dataclass(frozen=True, slots=True)
class DoneForm:
    """What was done, in a line for people."""

    message: str


@dataclass(frozen=True, slots=True)
class EndedForm:
    """How many sessions have ended."""

    ended: int


@dataclass(frozen=True, slots=True)
class ReadyForm:
    """Whether the server can serve."""

    status: str


@dataclass(frozen=True, slots=True)
class ProblemForm:
    """A refusal or failure, by RFC 9457. `code` is for scripts, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    execution_id: int | None = None
    errors: Sequence[Mapping[str, str]] = field(default_factory=list)
    """With `invalid_input`: the `key` and the `reason` of each thing that is wrong, where they are known."""
    retry_after: float | None = None
    """With `throttled`: how many seconds to wait."""

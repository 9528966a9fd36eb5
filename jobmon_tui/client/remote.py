"""`Services` of a server: each method one request."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from jobmon_tui.client.audit_pairs import audit_pairs
from jobmon_tui.client.changes import RemoteFeed
from jobmon_tui.client.line import Line, Question, origin_header
from jobmon_tui.client.remote_accounts import SIGN_IN_SECONDS, RemoteAccounts, named
from jobmon_tui.domain.audit import AuditEntry, rfc3339
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Execution, ExecutionDetails
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.domain.roles import Actor
from jobmon_tui.domain.text import clean
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.chain import ChainReport, Tell
from jobmon_tui.services.facade import Changes, Imported, ReportCheck, ReportOverview
from jobmon_tui.services.look import ExecutionStory, Glance, Overview
from jobmon_tui.services.records import AuditFound, ExecutionFilter, HourCount, StoredOutput
from jobmon_tui.services.retry import RetryReceipt
from jobmon_tui.services.sign_in import SignedIn
from jobmon_tui.services.workers import WorkerState
from jobmon_tui.wire import forms
from jobmon_tui.wire.keys import key_header

MOST_ROWS: Final = 1_000
"""What the server gives at once."""
VERIFY_SECONDS: Final = 600.0
"""A million entries take some seconds, on a slow machine more."""


def _pairs(wanted: ExecutionFilter) -> tuple[tuple[str, str], ...]:
    """Return a filter as the server reads it."""
    found = [("status", each.value) for each in sorted(wanted.statuses)]
    for key in ("report", "search", "error", "by"):
        value = getattr(wanted, key)
        if value is not None:
            found.append((key, clean(value)))
    if wanted.since is not None:
        found.append(("since", rfc3339(wanted.since)))
    return tuple(found)


def _with(pairs: Sequence[tuple[str, str]] = (), **more: int | None) -> tuple[tuple[str, str], ...]:
    return (*pairs, *((key, str(value)) for key, value in more.items() if value is not None))


def _body(draft: ReportDraft, **more: object) -> Mapping[str, Any]:
    return {**asdict(draft), "parameters": dict(draft.parameters), **more}


class RemoteServices(RemoteAccounts):
    """The services of one server. Whoever signs in, or asks with a token, is in whose name it listens."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._feed = RemoteFeed(line, lambda: self._caller)

    async def close(self) -> None:
        """Hang up."""
        await self._feed.close()
        await self._line.close()

    @property
    def database_name(self) -> str:
        """What the header calls the database: the server."""
        return self._line.address.label

    def changes(self) -> Changes:
        """Start watching for changes."""
        return self._feed.watch()

    async def has_accounts(self) -> bool:
        """Return True: a server serves no database without one. Raises `storage_unavailable`."""
        await self._line.ask(forms.ReadyForm, Question("GET", "/ready"))
        return True

    async def create_first_administrator(self, _name: str, _password: str, _origin: str) -> SignedIn:
        """Raise `not_permitted`: that is done where the database is."""
        raise JobmonError(
            ErrorCode.NOT_PERMITTED,
            "The first Administrator is created where the server's database is: jobmon init --admin NAME",
        )

    async def sign_in(self, name: str, password: str, origin: str, _known: str | None = None) -> SignedIn:
        """Open a session; who asks the server sees for itself."""
        question = Question(
            "POST",
            "/sessions",
            body={"name": name, "password": password},
            headers=tuple(origin_header(origin).items()),
            answer_seconds=SIGN_IN_SECONDS,
        )
        opened = await self._line.ask(SignedIn, question)
        self._caller = Caller(opened.token, origin)
        return opened

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session."""
        try:
            await self._line.tell(Question("DELETE", "/sessions/current", may_repeat=True), caller)
        except JobmonError as refusal:
            # It has ended already.
            if refusal.code is not ErrorCode.NOT_SIGNED_IN:
                raise
        self._caller = None

    async def whoami(self, caller: Caller) -> Actor:
        """Return who the caller is."""
        found: Actor = await self._get(Actor, caller, "/me")
        return found

    async def overview(self, caller: Caller, wanted: ExecutionFilter) -> Overview:
        """Return the counts, how many executions match, and who is alive to run them."""
        found: Overview = await self._get(Overview, caller, "/jobs/overview", _pairs(wanted))
        return found

    async def executions(
        self,
        caller: Caller,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        """Return executions newest first."""
        found: list[Execution] = []
        left = limit + offset
        while left > 0:
            params = _with(_pairs(wanted), limit=min(left, MOST_ROWS), before=before, after=after)
            page: list[Execution] = await self._get(list[Execution], caller, "/jobs", params)
            # With `after` each page lies above the one before it.
            found = [*found, *page] if after is None else [*page, *found]
            left -= len(page)
            if len(page) < MOST_ROWS:
                break
            before, after = (page[-1].id, None) if after is None else (None, page[0].id)
        return found[offset:]

    async def glance(
        self, caller: Caller, wanted: ExecutionFilter, limit: int, *, before: int | None = None
    ) -> Glance:
        """Return the overview and some rows, of one moment: of the rows as many as the server gives."""
        params = _with(_pairs(wanted), limit=min(limit, MOST_ROWS), before=before)
        found: Glance = await self._get(Glance, caller, "/jobs/glance", params)
        return found

    async def newer(self, caller: Caller, wanted: ExecutionFilter, execution_id: int) -> int:
        """Return how many matching executions are newer than this one."""
        path = f"/jobs/{execution_id}/position"
        found: forms.PositionForm = await self._get(forms.PositionForm, caller, path, _pairs(wanted))
        return found.newer

    async def finished_by_hour(self, caller: Caller, since: datetime) -> Sequence[HourCount]:
        """Return how many executions ended in each hour."""
        params = (("since", rfc3339(since)),)
        found: list[HourCount] = await self._get(list[HourCount], caller, "/jobs/by-hour", params)
        return found

    async def show(self, caller: Caller, execution_id: int) -> ExecutionStory:
        """Return one execution with what stands around it."""
        found: forms.StoryForm = await self._get(forms.StoryForm, caller, f"/jobs/{execution_id}")
        return found.story

    async def output(self, caller: Caller, execution_id: int) -> StoredOutput:
        """Return what an execution printed so far."""
        found: StoredOutput = await self._get(StoredOutput, caller, f"/jobs/{execution_id}/output")
        return found

    async def retry(self, caller: Caller, execution_id: int, *, key: str | None = None) -> RetryReceipt:
        """Queue a retry. A lost answer is asked for again by its key, which queues no second."""
        under = str(uuid4()) if key is None else key
        question = Question(
            "POST",
            f"/jobs/{execution_id}/retry",
            headers=(("Idempotency-Key", key_header(under)),),
            may_repeat=True,
        )
        found: forms.RetriedForm = await self._ask(forms.RetriedForm, question, caller)
        return found.receipt

    async def cancel(self, caller: Caller, execution_id: int) -> str:
        """Cancel."""
        question = Question("POST", f"/jobs/{execution_id}/cancel")
        done: forms.DoneForm = await self._ask(forms.DoneForm, question, caller)
        return done.message

    async def run(self, caller: Caller, report: str) -> ExecutionDetails:
        """Queue a report now."""
        question = Question("POST", "/jobs", body={"report": report})
        made: forms.DetailsForm = await self._ask(forms.DetailsForm, question, caller)
        return made.details

    async def reports(self, caller: Caller) -> Sequence[Report]:
        """Return every report by name."""
        return [each.report for each in await self.report_overviews(caller)]

    async def report(self, caller: Caller, name: str) -> Report:
        """Return one report."""
        return (await self.report_overviews(caller, name))[0].report

    async def report_overviews(self, caller: Caller, name: str | None = None) -> Sequence[ReportOverview]:
        """Return every report by name, or the named one, with what stands around it."""
        if name is None:
            found: list[forms.ReportForm] = await self._get(list[forms.ReportForm], caller, "/reports")
            return [each.overview for each in found]
        one: forms.ReportForm = await self._get(forms.ReportForm, caller, named("reports", name))
        return [one.overview]

    async def add_report(self, caller: Caller, draft: ReportDraft) -> Report:
        """Add a report."""
        question = Question("POST", "/reports", body=_body(draft))
        made: forms.ReportForm = await self._ask(forms.ReportForm, question, caller)
        return made.overview.report

    async def edit_report(
        self, caller: Caller, name: str, draft: ReportDraft, *, version: int | None = None
    ) -> Report:
        """Replace a report's configuration."""
        question = Question("PUT", named("reports", name), body=_body(draft, version=version))
        made: forms.ReportForm = await self._ask(forms.ReportForm, question, caller)
        return made.overview.report

    async def check_report(self, caller: Caller, draft: ReportDraft, /) -> ReportCheck:
        """Return what is wrong with a report, and when it would fire."""
        question = Question("POST", "/report-checks", body=_body(draft), may_repeat=True)
        found: ReportCheck = await self._ask(ReportCheck, question, caller)
        return found

    async def delete_report(self, caller: Caller, name: str) -> None:
        """Really delete a report."""
        await self._line.tell(Question("DELETE", named("reports", name)), caller)

    async def import_reports(self, caller: Caller, drafts: Sequence[ReportDraft]) -> Sequence[Imported]:
        """Add or replace each by name, all or none."""
        question = Question("POST", "/report-imports", body=[_body(each) for each in drafts], may_repeat=True)
        done: list[Imported] = await self._ask(list[Imported], question, caller)
        return done

    async def pause_report(self, caller: Caller, name: str, paused: bool) -> Report:
        """Stop a report's schedule, or go on with it."""
        question = Question("PATCH", named("reports", name), body={"paused": paused}, may_repeat=True)
        made: forms.ReportForm = await self._ask(forms.ReportForm, question, caller)
        return made.overview.report

    async def workers(self, caller: Caller) -> Sequence[WorkerState]:
        """Return every registered worker by name."""
        found: list[forms.WorkerForm] = await self._get(list[forms.WorkerForm], caller, "/workers")
        return [each.known for each in found]

    async def audit(
        self, caller: Caller, limit: int, before: int | None = None, wanted: AuditFilter = EVERY_ENTRY
    ) -> Sequence[AuditEntry]:
        """Return audit entries newest first."""
        found: list[AuditEntry] = []
        while limit > 0:
            params = _with(audit_pairs(wanted), limit=min(limit, MOST_ROWS), before=before)
            page: list[forms.AuditForm] = await self._get(list[forms.AuditForm], caller, "/audit", params)
            found += [each.audited for each in page]
            limit -= len(page)
            if len(page) < MOST_ROWS:
                break
            before = page[-1].id
        return found

    async def search_audit(
        self, caller: Caller, text: str, limit: int, *, before: int | None = None, after: int = 0
    ) -> AuditFound:
        """Return the audit entries that hold all parts of a text."""
        params = (("text", text), *_with(limit=limit, before=before, after=after))
        found: forms.AuditFoundForm = await self._get(forms.AuditFoundForm, caller, "/audit/search", params)
        return found.found

    async def verify_audit(self, caller: Caller, _tell: Tell = lambda _done, _all: None) -> ChainReport:
        """Recompute the audit log's chain; the server does not say how far it is."""
        found: ChainReport = await self._get(
            ChainReport, caller, "/audit/verify", answer_seconds=VERIFY_SECONDS
        )
        return found

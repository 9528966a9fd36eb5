"""A database in memory, for the dashboard's tests: real use cases run on it, only the storage is a toy."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from jobmon_tui.domain.errors import (
    ErrorCode,
    JobmonError,
    UnclearOutcomeError,
    report_not_found,
    storage_unavailable,
)
from jobmon_tui.domain.execution import ConfigurationState, Execution, ExecutionDetails, NewExecution, Status
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.services.ports import Transaction
from jobmon_tui.services.records import ExecutionFilter, Extent, HourCount, StoredOutput, WorkerSeen
from jobmon_tui.services.watching import Feed
from tests.tui.memory_accounts import MemoryAccounts
from tests.tui.memory_tables import MemoryTables

T = TypeVar("T")


class MemoryTransaction(MemoryAccounts):
    """`Transaction` on the tables of one process."""

    @property
    def has_written(self) -> bool:
        return False  # nothing here is ever rolled back: the rule is tested on the real database

    def execution(self, execution_id: int) -> ExecutionDetails | None:
        return self._tables.details(execution_id)

    def active_child(self, execution_id: int) -> Execution | None:
        rows = [self._tables.rows[child].execution for child in self._tables.children.get(execution_id, ())]
        return next((row for row in rows if not row.status.is_final), None)

    def queued_with_key(self, actor: str, retry_of: int | None, key: str) -> Execution | None:
        child = self._tables.keys.get((actor, retry_of, key))
        return None if child is None else self._tables.rows[child].execution

    def add_execution(self, new: NewExecution) -> int:
        new_id = self._tables.last_id + 1
        execution = Execution(
            id=new_id,
            report=new.report,
            status=Status.QUEUED,
            trigger=new.trigger,
            requested_by=new.requested_by,
            retry_of=new.retry_of,
            attempt=new.attempt,
            queued_at=new.queued_at,
            started_at=None,
            finished_at=None,
            duration_ms=None,
            worker=None,
            configuration_id=new.configuration_id,
            configuration_version=new.configuration_version,
            configuration_state=ConfigurationState.UNCHANGED,
            error=None,
            output_path=None,
            not_before=new.not_before,
        )
        self._tables.put(ExecutionDetails(execution, new.configuration, None, new.queue, new.priority))
        if new.idempotency_key is not None:
            self._tables.keys[new.requested_by, new.retry_of, new.idempotency_key] = new_id
        return new_id

    def cancel_queued(self, execution_id: int, reason: str, now: datetime) -> bool:
        row = self._tables.rows.get(execution_id)
        if row is None or row.execution.status is not Status.QUEUED:
            return False
        done = replace(row.execution, status=Status.CANCELLED, finished_at=now, error=reason)
        self._tables.put(replace(row, execution=done))
        return True

    def request_cancel(self, execution_id: int, actor: str, now: datetime) -> None:
        self._tables.cancel_requests.setdefault(execution_id, actor)

    def executions(
        self,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        ids = self._tables.ids(wanted)
        if after is not None:
            start = bisect_right(ids, after) + offset
            picked = ids[start : start + limit][::-1]
        else:
            end = (len(ids) if before is None else bisect_right(ids, before - 1)) - offset
            picked = ids[max(0, end - limit) : max(0, end)][::-1]
        found = [self._tables.details(each) for each in picked]
        return [details.execution for details in found if details is not None]

    def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        ids = self._tables.ids(wanted)
        newer = len(ids) - bisect_right(ids, execution_id)
        return min(newer, self._tables.extent(wanted).total)

    def extent(self, wanted: ExecutionFilter) -> Extent:
        return self._tables.extent(wanted)

    def finished_by_hour(self, since: datetime) -> Sequence[HourCount]:
        return self._tables.finished_by_hour(since)

    def foresee_page(self, *_asked: object) -> None:
        pass

    def foresee_glance(self, *_asked: object) -> None:
        pass

    def foresee_newer(self, *_asked: object) -> None:
        pass

    def foresee_story(self, *_asked: object) -> None:
        pass

    def workers(self) -> Sequence[WorkerSeen]:
        return list(self._tables.registered)

    def output(self, execution_id: int) -> StoredOutput:
        return self._tables.outputs.get(execution_id, StoredOutput())

    def queued_before(self, execution_id: int, now: datetime) -> int:
        queued = ExecutionFilter(frozenset({Status.QUEUED}))
        return bisect_right(self._tables.ids(queued), execution_id - 1)

    def counts(self) -> dict[Status, int]:
        return self._tables.tally()

    def lineage(self, execution_id: int) -> Sequence[Execution]:
        line = [self._tables.details(execution_id)]
        while line[0] is not None and line[0].execution.retry_of is not None:
            line.insert(0, self._tables.details(line[0].execution.retry_of))
        known = [details.execution for details in line if details is not None]
        for one in sorted(self._tables.rows):
            row = self._tables.rows[one].execution
            if row.retry_of in {each.id for each in known} and row.id not in {each.id for each in known}:
                known.append(row)
        return known

    def report(self, name: str) -> Report | None:
        return self._tables.drafts.get(name)

    def reports(self) -> Sequence[Report]:
        return [self._tables.drafts[name] for name in sorted(self._tables.drafts)]

    def add_report(self, draft: ReportDraft, now: datetime) -> int:
        if draft.name in self._tables.drafts:
            raise JobmonError(ErrorCode.ALREADY_EXISTS, f"There is already a report named “{draft.name}”.")
        new_id = 1 + max((report.id for report in self._tables.drafts.values()), default=0)
        self._tables.drafts[draft.name] = Report(new_id, 1, draft, now, now)
        return new_id

    def replace_report(self, name: str, draft: ReportDraft, now: datetime) -> None:
        old = self._tables.drafts.pop(name)
        self._tables.drafts[draft.name] = replace(old, version=old.version + 1, draft=draft, updated_at=now)
        self._tables.revision += 1

    def delete_report(self, name: str) -> None:
        if self._tables.drafts.pop(name, None) is None:
            raise report_not_found(name)
        self._tables.revision += 1

    def set_paused(self, name: str, paused: bool, now: datetime) -> None:
        self._tables.drafts[name] = replace(self._tables.drafts[name], paused=paused)

    def latest_executions(self) -> Mapping[str, Execution]:
        found = {name: self.executions(ExecutionFilter(report=name), 1) for name in self._tables.drafts}
        return {name: newest[0] for name, newest in found.items() if newest}

    def limit_of(self, execution: Execution) -> tuple[int, int] | None:
        return None

    def next_execution_id(self) -> int:
        return self._tables.last_id + 1


class MemoryFeed(Feed):
    """The change feed of one process: nobody else changes anything that it would have to look for."""

    def _begin(self) -> None:
        return None


class MemoryDatabase:
    """`Database`: each unit of work at once; `outage` makes every one fail, `delay` makes them slow.

    `lose_next_answer` lets the next write commit and then fail, as a broken connection does.
    """

    def __init__(self, history: int = 0) -> None:
        self.tables = MemoryTables(history)
        self.feed = MemoryFeed()
        self.outage: str | None = None
        self.delay = 0.0
        self.gate: asyncio.Event | None = None
        """Writes wait for it, so that a test can look while one is under way."""
        self.lose_next_answer = False
        self.reads = 0
        self.writes = 0

    async def read(self, work: Callable[[Transaction], T]) -> T:
        self.reads += 1
        await asyncio.sleep(self.delay)
        if self.outage is not None:
            raise storage_unavailable(self.outage)
        return work(MemoryTransaction(self.tables))

    async def write(self, work: Callable[[Transaction], T], *, repeatable: bool = False) -> T:
        self.writes += 1
        await asyncio.sleep(self.delay)
        if self.gate is not None:
            await self.gate.wait()
        if self.outage is not None:
            raise storage_unavailable(self.outage)
        answer = work(MemoryTransaction(self.tables))
        self.feed.changed()
        if self.lose_next_answer:
            self.lose_next_answer = False
            if not repeatable:
                raise UnclearOutcomeError
            return work(MemoryTransaction(self.tables))
        return answer

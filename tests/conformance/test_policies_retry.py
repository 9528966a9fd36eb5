"""Automatic retries, lost executions queued anew, and a manual retry in the place of a waiting one."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from jobmon_tui.domain.automation import LOST_IN_A_ROW
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Execution, ExecutionDetails, Status
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.chain import chain_report
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.look import show_execution
from jobmon_tui.services.passwords import Verdict
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.services.reports import delete_report
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.services.users import add_account
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.leases import WORKER_LOST
from scheduler.ports import Finished, Outcome, WorkerInfo
from tests.backends import Opens, Raw, Store
from tests.conformance.world import ADMIN, NOW, let_come_due

DRAFT = ReportDraft("Sales", "sql", {"query": "select 1"}, max_retries=2, retry_delay=600.0)
FAILED = Outcome("Failed", "no such table")


class Night:
    """One worker, a clock that is set by hand, and executions that end as they are told."""

    def __init__(self, store: Store, let_come_due: Callable[[datetime], None]) -> None:
        self.store = store
        self._let_come_due = let_come_due
        self.now = datetime.now(UTC)
        self.queue = DatabaseQueue(store, lambda: self.now)
        self.lives = 0

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self._let_come_due(self.now)

    async def join(self) -> str:
        self.lives += 1
        name = f"w{self.lives}"
        await self.queue.register(WorkerInfo(name, "host", 1, "0", 4))
        return name

    async def queue_report(self, draft: ReportDraft) -> int:
        await self.store.write(lambda t: None if t.report(draft.name) else t.add_report(draft, NOW) and None)
        return (await run_report(self.store, ADMIN, draft.name)).execution.id

    async def end(self, execution_id: int, outcome: Outcome = FAILED) -> None:
        worker = await self.join()
        (claimed,) = await self.queue.start([execution_id], worker)
        assert list(await self.queue.finish([Finished(execution_id, claimed.token, outcome)])) == [
            execution_id
        ]
        await self.queue.leave(worker)

    async def lose(self, execution_id: int, reason: str = WORKER_LOST) -> None:
        worker = await self.join()
        await self.queue.start([execution_id], worker)
        assert list(await self.queue.reap(worker, reason)) == [execution_id]

    async def all(self) -> list[Execution]:
        return list(await self.store.read(lambda t: t.executions(ExecutionFilter(), 100)))[::-1]

    async def details(self, execution_id: int) -> ExecutionDetails:
        found = await self.store.read(lambda t: t.execution(execution_id))
        assert found is not None
        return found

    async def audit(self) -> list[tuple[object, ...]]:
        entries = await self.store.read(lambda t: t.audit_entries(100))
        return [
            (e.entry.actor, e.entry.role, e.entry.action, e.entry.execution_id, e.entry.new_execution_id)
            for e in entries
            if e.entry.action == "Job Retry"
        ][::-1]


@pytest.fixture
def night(store: Store, raw: Raw, backend: str) -> Night:
    return Night(store, partial(let_come_due, raw, backend))


async def test_a_failure_queues_the_next_attempt_until_none_is_left(night: Night) -> None:
    first = await night.queue_report(DRAFT)
    for number, delay in ((1, 600), (2, 1200)):
        await night.end(first + number - 1)
        retry = (await night.details(first + number)).execution
        assert (retry.status, retry.trigger, retry.requested_by) == ("Queued", "retry", "schedule")
        assert (retry.retry_of, retry.attempt) == (first + number - 1, number + 1)
        assert retry.not_before is not None
        assert 0.8 * delay <= (retry.not_before - night.now).total_seconds() <= 1.2 * delay
        assert list(await night.queue.offer(10)) == []
        night.sleep(1.3 * delay)
        assert list(await night.queue.offer(10)) == [retry.id]
    await night.end(first + 2)
    rows = await night.all()
    assert [row.status for row in rows] == ["Failed"] * 3
    snapshots = {(await night.details(row.id)).configuration for row in rows}
    assert len(snapshots) == 1
    assert await night.audit() == [
        ("schedule", "System", "Job Retry", first, first + 1),
        ("schedule", "System", "Job Retry", first + 1, first + 2),
    ]
    assert (await night.store.read(chain_report)).first_bad is None


@pytest.mark.parametrize("status", ["Succeeded", "Cancelled"])
async def test_what_did_not_fail_is_not_retried(night: Night, status: str) -> None:
    first = await night.queue_report(DRAFT)
    await night.end(first, Outcome("Cancelled" if status == "Cancelled" else "Succeeded"))
    assert len(await night.all()) == 1


async def test_what_timed_out_was_lost_or_was_stopped_counts_as_failed(night: Night) -> None:
    for lose in (WORKER_LOST, "terminal closed"):
        first = await night.queue_report(DRAFT)
        await night.lose(first, lose)
        retry = (await night.all())[-1]
        assert (retry.retry_of, retry.error) == (first, None)
        assert retry.not_before is not None
        assert (await night.details(first)).execution.error == lose


async def test_by_default_nothing_is_queued_by_itself(night: Night) -> None:
    plain = ReportDraft("Plain", "sql", {"query": "select 1"})
    await night.end(await night.queue_report(plain))
    await night.lose(await night.queue_report(plain))
    assert [row.status for row in await night.all()] == ["Failed", "Failed"]
    assert await night.audit() == []


@pytest.mark.parametrize("on_lost", ["fail", "requeue"])
async def test_a_deleted_report_is_not_queued_again(night: Night, on_lost: str) -> None:
    draft = replace(DRAFT, on_lost=on_lost)
    first, second = await night.queue_report(draft), await night.queue_report(draft)
    await delete_report(night.store, ADMIN, "Sales")
    await night.end(first)
    await night.lose(second)
    assert [row.status for row in await night.all()] == ["Failed", "Failed"]


async def test_the_snapshot_says_how_often_not_todays_report(night: Night) -> None:
    first = await night.queue_report(DRAFT)
    plain = replace(DRAFT, max_retries=0)
    await night.store.write(lambda t: t.replace_report("Sales", plain, NOW))
    await night.end(first)
    second = await night.queue_report(plain)
    await night.end(second)
    assert [row.retry_of for row in await night.all()] == [None, first, None]


async def test_a_lost_one_is_queued_anew_at_once_but_not_for_ever(night: Night) -> None:
    draft = ReportDraft("Sales", "sql", {"query": "select 1"}, on_lost="requeue")
    first = await night.queue_report(draft)
    for number in range(LOST_IN_A_ROW):
        await night.lose(first + number)
        again = (await night.details(first + number + 1)).execution
        assert (again.requested_by, again.trigger, again.not_before) == ("schedule", "retry", None)
        assert list(await night.queue.offer(9)) == [again.id]
    await night.lose(first + LOST_IN_A_ROW)
    rows = await night.all()
    assert [row.error for row in rows] == [WORKER_LOST] * 3 + [
        "worker lost; lost too often in a row, not queued again"
    ]
    assert [row[3:] for row in await night.audit()] == [(first + n, first + n + 1) for n in range(3)]


async def test_lost_ones_are_counted_apart_from_failed_ones(night: Night) -> None:
    first = await night.queue_report(replace(DRAFT, on_lost="requeue", max_retries=1))
    await night.lose(first)
    await night.end(first + 1)
    retry = (await night.details(first + 2)).execution
    assert retry.not_before is not None
    failed = (await night.details(first + 1)).execution
    assert failed.retried_by_not_before == retry.not_before
    assert not failed.is_being_retried(night.now), "a manual retry may take the place of one in its backoff"
    assert failed.is_being_retried(retry.not_before)
    night.sleep(3600)
    for number in range(2, 2 + LOST_IN_A_ROW):
        # A new row of losses, after one that really failed.
        await night.lose(first + number)
    await night.end(first + 2 + LOST_IN_A_ROW)
    assert len(await night.all()) == 3 + LOST_IN_A_ROW


async def test_a_worker_that_is_stopped_is_not_lost(night: Night) -> None:
    first = await night.queue_report(ReportDraft("Sales", "sql", {"query": "x"}, on_lost="requeue"))
    await night.lose(first, "worker stopped")
    assert [row.error for row in await night.all()] == ["worker stopped"]


async def test_a_manual_retry_takes_the_place_of_the_waiting_one(night: Night, raw: Raw) -> None:
    first = await night.queue_report(DRAFT)
    await night.end(first)
    receipt = await retry_execution(night.store, ADMIN, first)
    assert (receipt.new_id, receipt.replaced) == (first + 2, first + 1)
    assert "in place of the automatic retry #2" in receipt.message
    waiting, manual = (await night.all())[1:]
    assert (waiting.status, waiting.error) == ("Cancelled", f"replaced by #{manual.id}")
    assert (manual.status, manual.requested_by, manual.not_before) == ("Queued", "ada", None)
    assert (manual.attempt, manual.retry_of) == (2, first)
    assert list(await night.queue.offer(5)) == [manual.id]
    assert (await night.audit())[-1] == ("ada", "Administrator", "Job Retry", first, manual.id)
    with pytest.raises(JobmonError) as refusal:
        await retry_execution(night.store, ADMIN, first)
    assert refusal.value.code is ErrorCode.ALREADY_RETRIED
    # Automation has made none of its attempts yet: the one that was replaced never ran.
    await night.end(manual.id)
    assert (await night.all())[-1].retry_of == manual.id
    assert raw("SELECT count(*) FROM status_count WHERE n < 0") == [(0,)]


async def test_one_whose_backoff_is_over_is_an_active_child_like_any_other(night: Night) -> None:
    first = await night.queue_report(DRAFT)
    await night.end(first)
    later = night.now + timedelta(hours=2)
    with pytest.raises(JobmonError, match=r"#2 \(Queued\), asked by schedule") as refusal:
        await retry_execution(night.store, ADMIN, first, clock=lambda: later)
    assert refusal.value.code is ErrorCode.ALREADY_RETRIED


async def test_a_waiting_one_can_be_cancelled_and_then_nothing_waits(night: Night) -> None:
    first = await night.queue_report(DRAFT)
    await night.end(first)
    await cancel_execution(night.store, ADMIN, first + 1)
    night.sleep(2 * 3600)
    assert list(await night.queue.offer(5)) == []
    assert (await retry_execution(night.store, ADMIN, first)).replaced is None


async def test_a_deleted_report_leaves_the_waiting_one_where_it_is(night: Night) -> None:
    first = await night.queue_report(DRAFT)
    await night.end(first)
    await delete_report(night.store, ADMIN, "Sales")
    with pytest.raises(JobmonError) as refusal:
        await retry_execution(night.store, ADMIN, first)
    assert refusal.value.code is ErrorCode.CONFIGURATION_DELETED
    assert (await night.all())[-1].status is Status.QUEUED


async def test_of_many_manual_retries_at_once_one_takes_the_place(night: Night, opens: Opens) -> None:
    first = await night.queue_report(DRAFT)
    await night.end(first)
    async with await opens() as second:
        answers = await asyncio.gather(
            *(retry_execution((night.store, second)[n % 2], ADMIN, first) for n in range(30)),
            return_exceptions=True,
        )
    won = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert [receipt.replaced for receipt in won] == [first + 1]
    assert all(
        isinstance(a, JobmonError) and a.code is ErrorCode.ALREADY_RETRIED for a in answers if a not in won
    )
    assert [row.status for row in await night.all()] == ["Failed", "Cancelled", "Queued"]
    assert (await night.store.read(chain_report)).first_bad is None


async def test_the_story_says_until_when_it_waits(night: Night) -> None:
    first = await night.queue_report(replace(DRAFT, retry_delay=5 * 86_400.0))
    await night.end(first)
    await night.join()
    story = await show_execution(night.store, ADMIN, first + 1, Liveness(gone=lambda _host, _pid: False))
    at = story.details.execution.not_before
    assert at is not None
    assert story.waiting == f"It waits until {at:%Y-%m-%d %H:%M:%S} UTC for its automatic retry."


async def test_one_that_waits_is_not_counted_before_others(night: Night) -> None:
    await night.end(await night.queue_report(DRAFT))
    after = await night.queue_report(DRAFT)
    assert await night.store.read(lambda t: t.queued_before(after, night.now)) == 0
    assert await night.store.read(lambda t: t.queued_before(after, night.now + timedelta(hours=1))) == 1


@pytest.mark.parametrize("name", ["schedule", " Schedule "])
async def test_no_account_takes_the_name_under_which_schedules_act(night: Night, name: str) -> None:
    class Plain:
        async def hash(self, password: str) -> str:
            return password

        async def check(self, hashed: str | None, password: str) -> Verdict:
            return Verdict(hashed == password)

    with pytest.raises(JobmonError, match="name under which schedules act"):
        await add_account(night.store, ADMIN, Plain(), name, Role.VIEWER, "long enough a password")

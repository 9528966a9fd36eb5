"""The fake keeps the real rules: a test against it means something."""

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError, UnclearOutcomeError
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.records import ExecutionFilter
from tests.tui.fake_services import FakeServices, as_services

ALL = ExecutionFilter()
FAILED = ExecutionFilter(frozenset({Status.FAILED}))


async def test_a_retry_follows_the_rules_and_wakes_the_watchers() -> None:
    services = FakeServices()
    failed = services.add("Sales", error="boom")
    changes = as_services(services).changes()
    receipt = await services.retry(services.admin, failed, key="k")
    assert await changes.wait(1)
    assert services.get(failed).retried_by == receipt.new_id
    assert (await services.retry(services.admin, failed, key="k")).repeated
    for caller, target, code in (
        (services.admin, failed, ErrorCode.ALREADY_RETRIED),
        (services.admin, receipt.new_id, ErrorCode.NOT_RETRYABLE),
        (services.viewer, failed, ErrorCode.NOT_PERMITTED),
        (services.admin, 99, ErrorCode.EXECUTION_NOT_FOUND),
    ):
        with pytest.raises(JobmonError) as refusal:
            await services.retry(caller, target)
        assert refusal.value.code is code


async def test_a_long_history_is_paged_from_every_end() -> None:
    services = FakeServices(history=1_000)
    newest = services.add("Sales", Status.QUEUED)
    overview = await services.overview(services.admin, FAILED)
    assert (overview.total, overview.counts[Status.FAILED]) == (200, 200)
    page = await services.executions(services.admin, ALL, 2, offset=500)
    assert [row.id for row in page] == [501, 500]
    assert [row.id for row in await services.executions(services.admin, ALL, 2, before=500, offset=10)] == [
        489,
        488,
    ]
    assert [row.id for row in await services.executions(services.admin, ALL, 2, after=0, offset=1)] == [3, 2]
    assert await services.newer(services.admin, ALL, newest - 4) == 4


async def test_an_answer_can_be_lost_after_the_commit() -> None:
    services = FakeServices()
    failed, queued = services.add("Sales"), services.add("Sales", Status.QUEUED)
    services.database.lose_next_answer = True
    receipt = await services.retry(services.admin, failed)
    # Looked up by its key: not a word of it, and no second row.
    assert services.children(failed) == [receipt.new_id]
    services.database.lose_next_answer = True
    with pytest.raises(UnclearOutcomeError):
        await services.cancel(services.admin, queued)
    assert services.get(queued).status is Status.CANCELLED

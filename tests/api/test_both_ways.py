"""Every use case through both ways, in this process and over HTTP: the same answers, the same refusals."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.errors import ErrorCode, JobmonError, Throttled
from jobmon_tui.domain.execution import ConfigurationState, Status
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.services.problems import InvalidReport
from jobmon_tui.services.records import ExecutionFilter
from tests.api.stage import PASSWORD
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, NOW, VIEWER, end_raw, many, queue_one

ALL = ExecutionFilter()
COMMAND = ReportDraft(
    "Night/ly ../ “x”", "command", {"command": ["true"], "environment": {}}, schedule="0 6 * * *"
)


async def refused(work: object) -> JobmonError:
    with pytest.raises(JobmonError) as refusal:
        await work  # type: ignore[misc]
    return refusal.value


async def _failed(store: Store, raw: Raw) -> int:
    made = await store.write(queue_one)
    end_raw(raw, made)
    return made


async def test_a_retry_and_its_receipt(services: Services, store: Store, raw: Raw) -> None:
    old = await _failed(store, raw)
    before = await services.show(ADMIN, old)
    receipt = await services.retry(ADMIN, old, key="once")
    assert (receipt.execution_id, receipt.report, receipt.repeated) == (old, "Sales", False)
    again = await services.retry(ADMIN, old, key="once")
    assert again.new_id == receipt.new_id
    assert again.repeated
    story = await services.show(ADMIN, receipt.new_id)
    assert story.details.configuration == before.details.configuration
    assert story.details.execution.status is Status.QUEUED
    assert [each.id for each in story.lineage] == [old, receipt.new_id]
    (entry,) = [each.entry for each in story.audit if each.entry.action == "Job Retry"]
    assert (entry.actor, entry.execution_id, entry.new_execution_id) == ("ada", old, receipt.new_id)
    assert "already being retried" in (await refused(services.retry(ADMIN, old))).message


@pytest.mark.parametrize("key", ["ü – “x”", "utf-8''a", "a b", "%41", "x" * 200])
async def test_any_key_is_the_same_key_on_both_ways(
    services: Services, store: Store, raw: Raw, key: str
) -> None:
    old = await _failed(store, raw)
    made = await services.retry(ADMIN, old, key=key)
    assert raw("SELECT idempotency_key FROM job_execution_log WHERE id = ?", made.new_id) == [(key,)]


@pytest.mark.parametrize("key", ["", " a", "a\nb", "x" * 201, "\ud800"])
async def test_bad_keys_are_refused(services: Services, store: Store, raw: Raw, key: str) -> None:
    old = await _failed(store, raw)
    assert (await refused(services.retry(ADMIN, old, key=key))).code is ErrorCode.INVALID_INPUT
    assert raw("SELECT count(*) FROM job_execution_log") == [(1,)]


async def test_the_refusals_of_a_retry(services: Services, store: Store, raw: Raw) -> None:
    old = await _failed(store, raw)
    queued = await store.write(queue_one)
    nobody = Caller("no such token", "?")
    for caller, which, code in (
        (nobody, old, ErrorCode.NOT_SIGNED_IN),
        (Caller("", "?"), old, ErrorCode.NOT_SIGNED_IN),
        (Caller("\x1bü", "?"), old, ErrorCode.NOT_SIGNED_IN),
        (VIEWER, old, ErrorCode.NOT_PERMITTED),
        (ADMIN, 999, ErrorCode.EXECUTION_NOT_FOUND),
        (ADMIN, 10**30, ErrorCode.EXECUTION_NOT_FOUND),
        (ADMIN, -1, ErrorCode.EXECUTION_NOT_FOUND),
        (ADMIN, queued, ErrorCode.NOT_RETRYABLE),
    ):
        assert (await refused(services.retry(caller, which))).code is code
    refusal = await refused(services.retry(ADMIN, queued))
    assert refusal.execution_id == queued
    await services.delete_report(ADMIN, "Sales")
    deleted = await refused(services.retry(ADMIN, old))
    assert deleted.code is ErrorCode.CONFIGURATION_DELETED
    assert "The original configuration could not be found" in deleted.message


async def test_pages_up_and_down(services: Services, store: Store) -> None:
    await store.write(many(range(1, 2_501), "Succeeded", NOW))
    found = await services.executions(VIEWER, ALL, 2_200)
    assert [each.id for each in found] == list(range(2_500, 300, -1))
    assert [each.id for each in await services.executions(VIEWER, ALL, 3, before=10)] == [9, 8, 7]
    assert [each.id for each in await services.executions(VIEWER, ALL, 2_200, after=0)] == list(
        range(2_200, 0, -1)
    )
    assert await services.newer(VIEWER, ALL, 2_400) == 100
    assert [await services.newer(VIEWER, ALL, each) for each in (10**30, -(10**30))] == [0, 2_500]
    overview = await services.overview(VIEWER, ExecutionFilter(frozenset({Status.SUCCEEDED}), search="ales"))
    assert (overview.total, overview.newest) == (2_500, 2_500)
    assert overview.counts[Status.SUCCEEDED] == 2_500
    for wanted in (ALL, ExecutionFilter(frozenset({Status.SUCCEEDED}), search="ales")):
        seen = await services.glance(VIEWER, wanted, 3, before=10)
        assert seen.overview == await services.overview(VIEWER, wanted)
        assert list(seen.rows) == list(await services.executions(VIEWER, wanted, 3, before=10))
        assert [each.id for each in (await services.glance(VIEWER, wanted, 2)).rows] == [2_500, 2_499]
    since = ExecutionFilter(since=datetime.now(UTC) + timedelta(days=1))
    assert await services.executions(VIEWER, since, 5) == []
    assert await services.executions(VIEWER, ExecutionFilter(by="no\ud800body"), 5) == []
    await services.finished_by_hour(VIEWER, datetime.now(UTC) - timedelta(hours=24))


async def test_reports_from_their_beginning_to_their_end(services: Services) -> None:
    made = await services.add_report(ADMIN, COMMAND)
    assert made.draft.name == COMMAND.name
    assert made.version == 1
    assert (await refused(services.add_report(ADMIN, COMMAND))).code is ErrorCode.ALREADY_EXISTS
    assert await services.report(VIEWER, COMMAND.name) == made
    assert list(await services.reports(VIEWER)) == [made]
    (overview,) = await services.report_overviews(VIEWER)
    assert overview.next_due is not None
    queued = await services.run(ADMIN, COMMAND.name)
    assert queued.execution.report == COMMAND.name
    assert (await services.report_overviews(VIEWER, COMMAND.name))[0].last == queued.execution
    edited = await services.edit_report(
        ADMIN, COMMAND.name, ReportDraft("..", "command", made.draft.parameters, timeout=2.5), version=1
    )
    assert (edited.draft.name, edited.version, edited.draft.timeout) == ("..", 2, 2.5)
    late = await refused(services.edit_report(ADMIN, "..", COMMAND, version=1))
    assert late.code is ErrorCode.CHANGED_MEANWHILE
    assert (await services.pause_report(ADMIN, "..", paused=True)).paused
    story = await services.show(VIEWER, queued.execution.id)
    assert story.details.execution.configuration_state is ConfigurationState.CHANGED
    await services.delete_report(ADMIN, "..")
    assert (await refused(services.report(VIEWER, ".."))).code is ErrorCode.REPORT_NOT_FOUND
    assert (await refused(services.run(ADMIN, "no\ud800ne"))).code is ErrorCode.REPORT_NOT_FOUND
    done = await services.import_reports(ADMIN, [COMMAND, ReportDraft("B", "command", {"command": ["true"]})])
    assert [(each.name, each.outcome) for each in done] == [(COMMAND.name, "added"), ("B", "added")]


async def test_all_that_is_wrong_with_a_report_is_told(services: Services) -> None:
    wrong = ReportDraft("W", "command", {}, schedule="no", timeout=-1.0)
    with pytest.raises(InvalidReport) as refusal:
        await services.add_report(ADMIN, wrong)
    assert {each.key.partition(".")[0] for each in refusal.value.problems} == {
        "parameters",
        "schedule",
        "timeout",
    }
    checked = await services.check_report(ADMIN, wrong)
    assert {each.key for each in checked.problems} == {each.key for each in refusal.value.problems}
    good = await services.check_report(ADMIN, COMMAND)
    assert (list(good.problems), len(good.firings) > 0) == ([], True)


async def test_accounts_and_sessions(services: Services) -> None:
    assert await services.has_accounts()
    await services.add_account(ADMIN, "b/ob", Role.VIEWER, PASSWORD)
    opened = await services.sign_in("b/ob", PASSWORD, "pts/9")
    bob = Caller(opened.token, "pts/9")
    assert await services.whoami(bob) == Actor("b/ob", Role.VIEWER) == opened.actor
    assert opened.expires_at > datetime.now(UTC)
    assert (await refused(services.sign_in("b/ob", "wrong one", "?"))).code is ErrorCode.NOT_SIGNED_IN
    assert (await refused(services.accounts(bob))).code is ErrorCode.NOT_PERMITTED
    assert [each.name for each in await services.accounts(ADMIN)] == ["ada", "b/ob", "vic"]
    await services.sign_out(bob)
    assert (await refused(services.whoami(bob))).code is ErrorCode.NOT_SIGNED_IN
    await services.sign_out(bob)
    bob = Caller((await services.sign_in("b/ob", PASSWORD, "?")).token, "?")
    await services.change_account(ADMIN, "b/ob", role=Role.ADMINISTRATOR, disabled=True)
    assert (await refused(services.whoami(bob))).code is ErrorCode.NOT_SIGNED_IN
    assert (
        await refused(services.change_account(ADMIN, "nix", disabled=True))
    ).code is ErrorCode.USER_NOT_FOUND
    last = await refused(services.change_account(ADMIN, "ada", disabled=True))
    assert last.code is ErrorCode.LAST_ADMINISTRATOR
    short = await refused(services.add_account(ADMIN, "eve", Role.VIEWER, "short"))
    assert short.code is ErrorCode.INVALID_INPUT


async def test_sessions_are_seen_and_revoked(services: Services) -> None:
    await services.add_account(ADMIN, "b/ob", Role.VIEWER, PASSWORD)
    bob, other = [Caller((await services.sign_in("b/ob", PASSWORD, "pts/9")).token, "?") for _ in range(2)]
    own = await services.sessions(bob)
    assert [(each.account, each.is_current) for each in own] in (
        [("b/ob", True), ("b/ob", False)],
        [("b/ob", False), ("b/ob", True)],
    )
    assert {each.account for each in await services.sessions(ADMIN)} == {"ada", "vic", "b/ob"}
    assert len(await services.sessions(ADMIN, "b/ob")) == 2
    assert (await refused(services.sessions(bob, "ada"))).code is ErrorCode.NOT_PERMITTED
    (ada,) = await services.sessions(ADMIN, "ada")
    assert (await refused(services.revoke_session(bob, ada.id))).code is ErrorCode.NOT_PERMITTED
    assert (await refused(services.revoke_session(ADMIN, ada.id + 1))).code is ErrorCode.SESSION_NOT_FOUND
    ended = await services.revoke_session(bob, next(each.id for each in own if not each.is_current))
    assert (ended.account, ended.origin is None) == ("b/ob", False)
    gone = await refused(services.whoami(other))
    assert (gone.code, "it was revoked" in gone.message) == (ErrorCode.NOT_SIGNED_IN, True)
    await services.unlock(bob, PASSWORD)
    assert (await refused(services.unlock(bob, "wrong one"))).code is ErrorCode.NOT_PERMITTED
    assert (await refused(services.revoke_sessions(bob, "ada"))).code is ErrorCode.NOT_PERMITTED
    assert await services.revoke_sessions(ADMIN, "b/ob") == 1
    assert (await refused(services.sessions(bob))).code is ErrorCode.NOT_SIGNED_IN


async def test_cancelling_and_output(services: Services, store: Store, raw: Raw) -> None:
    queued = await store.write(queue_one)
    assert f"#{queued}" in await services.cancel(ADMIN, queued)
    assert (await refused(services.cancel(ADMIN, queued))).code is ErrorCode.NOT_CANCELLABLE
    await store.write(many(range(100, 101), "Succeeded", NOW))
    assert (await services.output(VIEWER, 100)).head == "text"
    assert (await refused(services.output(VIEWER, 7_777))).code is ErrorCode.EXECUTION_NOT_FOUND
    assert (await services.show(VIEWER, queued)).details.execution.status is Status.CANCELLED


async def test_workers_and_the_audit_log(services: Services, store: Store, raw: Raw) -> None:
    old = await _failed(store, raw)
    await services.retry(ADMIN, old)
    await refused(services.retry(VIEWER, old))
    assert await services.workers(VIEWER) == []
    refusal, retry = await services.audit(ADMIN, 2)
    assert (refusal.entry.outcome, refusal.entry.code) == ("refused", "not_permitted")
    assert retry.entry.action == "Job Retry"
    assert [each.id for each in await services.audit(ADMIN, 10, retry.id + 1)] == [retry.id]
    for wanted, ids in (
        (AuditFilter("vic", "Job Retry", "refused"), [refusal.id]),
        (AuditFilter(execution_id=old, actor="ada"), [retry.id]),
        (AuditFilter(since=retry.entry.at, until=refusal.entry.at), [refusal.id, retry.id]),
        (AuditFilter(until=NOW), []),
    ):
        assert [each.id for each in await services.audit(ADMIN, 10, None, wanted)] == ids
    found = await services.search_audit(ADMIN, "refused vic", 10)
    assert [each.id for each in found.entries] == [refusal.id]
    report = await services.verify_audit(ADMIN)
    assert (report.first_bad, report.entries, report.head) == (None, refusal.id, refusal.hash)


async def test_watching_wakes_for_what_another_commits(services: Services, store: Store) -> None:
    await services.whoami(ADMIN)
    changes = services.changes()
    try:
        while await changes.wait(0.5):
            pass  # what the beginning of listening has told
        await store.write(queue_one)
        async with asyncio.timeout(5):
            assert await changes.wait(5)
    finally:
        changes.close()


async def test_who_guesses_is_told_how_long_to_wait(services: Services) -> None:
    for _ in range(5):
        await refused(services.sign_in("ada", "a wrong one", "?"))
    throttled = await refused(services.sign_in("ada", "a wrong one", "?"))
    assert throttled.code is ErrorCode.THROTTLED
    assert isinstance(throttled, Throttled)
    assert 0 < throttled.retry_after <= 1.0

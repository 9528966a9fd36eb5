"""Text that no database keeps (NUL, halves of a character): cleaned or refused, the same on both backends."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from jobmon_tui.bootstrap import report_catalog
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.roles import Role
from jobmon_tui.services import reports, sign_in, users
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.chain import verify_audit
from jobmon_tui.services.look import list_executions
from jobmon_tui.services.records import ExecutionFilter, StoredOutput
from jobmon_tui.services.report_schedule import pause_report
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.retention import Pruning
from jobmon_tui.storage.retention_queries import Rule
from scheduler.ports import Finished, Outcome, WorkerInfo
from tests.backends import Raw, Store
from tests.conformance.scenes import Anything
from tests.conformance.test_users import QuickHasher
from tests.conformance.world import ADMIN, DRAFT, NOW, end_raw, queue_one

BAD = "nul \x00 half \udcff end"
HOSTILE = Caller(ADMIN.token, BAD)
HASHER = QuickHasher()
CATALOG = report_catalog()
COMMAND = ReportDraft("Other", "command", {"command": ["true"], "directory": "/tmp"})
Acts = Callable[[Store], Awaitable[object]]


async def _work(store: Store) -> None:
    queue = DatabaseQueue(store, queues=[BAD, "default"])
    execution_id = await store.write(queue_one)
    await queue.register(WorkerInfo("w", "host", 1, "1", 4))
    _, [claimed] = await queue.take(1, "w")
    assert claimed.id == execution_id
    await queue.beat("w")
    await queue.save_output(claimed.id, claimed.token, StoredOutput(BAD, BAD, 100, 200))
    outcome = Outcome("Failed", BAD, BAD, BAD, 1, 1, "ab")
    assert list(await queue.finish([Finished(claimed.id, claimed.token, outcome)])) == [claimed.id]
    second = await store.write(queue_one)
    await queue.start([second], "w")
    assert list(await queue.reap("w", "worker lost")) == [second]
    await queue.leave("w")


ACTS: dict[str, Acts] = {
    "add a report": lambda s: reports.add_report(s, HOSTILE, CATALOG, replace(COMMAND, name=BAD)),
    "add with a queue": lambda s: reports.add_report(s, HOSTILE, CATALOG, replace(COMMAND, queue=BAD)),
    "a NUL in a queue": lambda s: reports.add_report(s, HOSTILE, CATALOG, replace(COMMAND, queue="a\x00b")),
    "a timezone": lambda s: reports.add_report(s, HOSTILE, CATALOG, replace(COMMAND, timezone=BAD)),
    "a schedule": lambda s: reports.add_report(s, HOSTILE, CATALOG, replace(COMMAND, schedule=BAD)),
    "a runner": lambda s: reports.add_report(s, HOSTILE, CATALOG, replace(COMMAND, runner=BAD)),
    "a priority": lambda s: reports.add_report(s, HOSTILE, CATALOG, replace(COMMAND, priority=10**12)),
    "a NUL in a parameter": lambda s: reports.add_report(
        s, HOSTILE, CATALOG, replace(COMMAND, parameters={"command": ["a\x00b"], "directory": "/tmp"})
    ),
    "edit it": lambda s: reports.edit_report(s, HOSTILE, Anything(), "Sales", replace(DRAFT, priority=1)),
    "show a report": lambda s: reports.show_report(s, HOSTILE, BAD),
    "run a report": lambda s: run_report(s, HOSTILE, BAD),
    "run another": lambda s: run_report(s, HOSTILE, "Sales"),
    "pause a report": lambda s: pause_report(s, HOSTILE, BAD, paused=True),
    "delete a report": lambda s: reports.delete_report(s, HOSTILE, BAD),
    "retry with a key": lambda s: retry_execution(s, HOSTILE, 1, key=BAD),
    "retry": lambda s: retry_execution(s, HOSTILE, 1),
    "cancel": lambda s: cancel_execution(s, HOSTILE, 2),
    "list a report's": lambda s: list_executions(s, HOSTILE, ExecutionFilter(report=BAD), 9),
    "search": lambda s: list_executions(s, HOSTILE, ExecutionFilter(search=BAD), 9),
    "a token": lambda s: sign_in.whoami(s, Caller(BAD, BAD)),
    "add an account": lambda s: users.add_account(s, HOSTILE, HASHER, BAD, Role.VIEWER, "long enough"),
    "change an account": lambda s: users.change_account(s, HOSTILE, HASHER, BAD, disabled=True),
    "sign in": lambda s: sign_in.sign_in(s, HASHER, BAD, BAD, BAD),
    "work": _work,
    "prune": lambda s: Pruning(s, Rule(NOW, include_failed=True), BAD).run(),
}


@pytest.mark.parametrize("act", ACTS)
async def test_no_act_stumbles_over_it(store: Store, raw: Raw, act: str) -> None:
    end_raw(raw, await store.write(queue_one))
    try:
        await ACTS[act](store)
    except JobmonError as refusal:
        assert refusal.code is not ErrorCode.STORAGE_UNAVAILABLE, refusal.message
    assert (await verify_audit(store, ADMIN)).first_bad is None
    for table in (
        "job_execution_log",
        "report_configuration",
        "audit_log",
        "user_account",
        "execution_output",
    ):
        for row in raw(f"SELECT * FROM {table}"):
            for text in row:
                assert not isinstance(text, str) or not {"\x00", "\udcff"}.intersection(text), (table, row)

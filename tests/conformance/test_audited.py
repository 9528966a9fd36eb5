"""The frame of every change: what a refusal leaves behind."""

from datetime import datetime

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError, invalid_input
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.services.audited import Done, change
from jobmon_tui.services.ports import Transaction
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, DRAFT, queue_one


async def test_a_refusal_after_a_write_keeps_nothing_of_it(store: Store, raw: Raw) -> None:
    def hasty(transaction: Transaction, _actor: Actor, now: datetime) -> tuple[None, Done]:
        transaction.add_report(DRAFT, now)
        raise invalid_input("too late")

    with pytest.raises(RuntimeError, match="after it had written"):
        await change(store, ADMIN, Verb.EDIT_REPORTS, hasty)
    assert raw("SELECT count(*) FROM report_configuration") == [(0,)]
    assert raw("SELECT count(*) FROM audit_log") == [(0,)]
    # The lane is free again, and its count of writes starts anew.
    assert await store.write(queue_one) == 1


async def test_a_refusal_before_any_write_is_kept_as_refused(store: Store, raw: Raw) -> None:
    await store.write(queue_one)  # by the same connection, before the refusal

    def careful(_transaction: Transaction, _actor: Actor, _now: datetime) -> tuple[None, Done]:
        raise invalid_input("not like this")

    with pytest.raises(JobmonError) as caught:
        await change(store, ADMIN, Verb.EDIT_REPORTS, careful)
    assert caught.value.code is ErrorCode.INVALID_INPUT
    assert raw("SELECT outcome, code, details FROM audit_log") == [
        ("refused", "invalid_input", "not like this")
    ]


async def test_a_transaction_knows_whether_it_has_written(store: Store) -> None:
    def work(transaction: Transaction) -> tuple[bool, bool, bool]:
        before = transaction.has_written
        transaction.execution(1)
        after_reading = transaction.has_written
        queue_one(transaction)
        return before, after_reading, transaction.has_written

    assert await store.write(work) == (False, False, True)
    assert await store.write(work) == (False, False, True)

"""Every method of the services as everybody, compared with the one table of permissions."""

import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.roles import CHANGES, PERMISSIONS, Role, Verb
from jobmon_tui.services.audited import Caller, token_hash, utc_now
from jobmon_tui.services.facade import Services
from jobmon_tui.services.local import LocalServices
from jobmon_tui.services.passwords import Verdict
from jobmon_tui.services.permitted import METHODS, OPEN
from jobmon_tui.services.records import ExecutionFilter
from tests.backends import Store
from tests.conformance.world import DRAFT, NOW

ALL = ExecutionFilter()
REFUSED = {ErrorCode.NOT_SIGNED_IN, ErrorCode.NOT_PERMITTED, ErrorCode.READ_ONLY}
RIGHT = "quite the right one"
Call = Callable[[Any, Caller, str], Awaitable[object]]
"""Gets the services, who asks, and the caller's own name."""


async def _own_session(services: Any, caller: Caller, _own: str) -> object:
    return await services.revoke_session(caller, int(token_hash(caller.token)[:7], 16))


OTHERS: dict[str, Call] = {
    "overview": lambda s, c, _: s.overview(c, ALL),
    "executions": lambda s, c, _: s.executions(c, ALL, 5),
    "glance": lambda s, c, _: s.glance(c, ALL, 5),
    "newer": lambda s, c, _: s.newer(c, ALL, 1),
    "finished_by_hour": lambda s, c, _: s.finished_by_hour(c, NOW),
    "show": lambda s, c, _: s.show(c, 99),
    "output": lambda s, c, _: s.output(c, 99),
    "retry": lambda s, c, _: s.retry(c, 99),
    "cancel": lambda s, c, _: s.cancel(c, 99),
    "run": lambda s, c, _: s.run(c, "none"),
    "reports": lambda s, c, _: s.reports(c),
    "report": lambda s, c, _: s.report(c, "none"),
    "report_overviews": lambda s, c, _: s.report_overviews(c),
    "add_report": lambda s, c, _: s.add_report(c, DRAFT),
    "edit_report": lambda s, c, _: s.edit_report(c, "none", DRAFT),
    "delete_report": lambda s, c, _: s.delete_report(c, "none"),
    "import_reports": lambda s, c, _: s.import_reports(c, [DRAFT]),
    "pause_report": lambda s, c, _: s.pause_report(c, "none", True),
    "workers": lambda s, c, _: s.workers(c),
    "accounts": lambda s, c, _: s.accounts(c),
    "add_account": lambda s, c, _: s.add_account(c, "eve", Role.VIEWER, "a long one of hers"),
    "change_account": lambda s, c, _: s.change_account(c, "none", disabled=True),
    "sessions": lambda s, c, _: s.sessions(c, "none"),
    "revoke_session": lambda s, c, _: s.revoke_session(c, 2**30),
    "revoke_sessions": lambda s, c, _: s.revoke_sessions(c, "none"),
    "unlock": lambda s, c, _: s.unlock(c, RIGHT),
    "audit": lambda s, c, _: s.audit(c, 5),
    "search_audit": lambda s, c, _: s.search_audit(c, "x", 5),
    "verify_audit": lambda s, c, _: s.verify_audit(c),
}
OWN: dict[str, Call] = {
    "change_account": lambda s, c, own: s.change_account(
        c, own, password="a new and long one", old_password=RIGHT
    ),
    "sessions": lambda s, c, own: s.sessions(c, own),
    "revoke_session": _own_session,
    "revoke_sessions": lambda s, c, own: s.revoke_sessions(c, own),
}
"""The same where they are only about whoever asks."""
PEOPLE = {
    "administrator": Role.ADMINISTRATOR,
    "viewer": Role.VIEWER,
    "signed out": None,
    "disabled": None,
    "expired": None,
    "idle": None,
    "read-only": Role.ADMINISTRATOR,
    "read-only viewer": Role.VIEWER,
}


class QuickHasher:
    async def hash(self, password: str) -> str:
        return f"<{password}>"

    async def check(self, hashed: str | None, password: str) -> Verdict:
        return Verdict(hashed == f"<{password}>")


class AnyReport:
    def check(self, draft: Any) -> Any:
        return draft

    def next_due(self, _draft: object, _after: object) -> None:
        return None


def _services(store: Store, *, read_only: bool) -> LocalServices:
    return LocalServices(
        store,
        hasher=QuickHasher(),
        catalog=AnyReport(),
        watch=store.feed.watch,
        database_name="test",
        read_only=read_only,
        idle=timedelta(hours=1),
    )


def test_no_method_is_missing_from_the_table() -> None:
    methods = {name for name, _ in inspect.getmembers(Services) if not name.startswith("_")}
    assert methods == set(METHODS) | set(OPEN)
    assert not set(METHODS) & set(OPEN)
    assert set(OTHERS) == set(METHODS)
    assert set(OWN) == {name for name, needs in METHODS.items() if needs.own is not None}
    assert {needs.verb for needs in METHODS.values()} | {
        needs.own for needs in METHODS.values() if needs.own is not None
    } == set(Verb)


def expected(who: str, verb: Verb) -> ErrorCode | None:
    role = PEOPLE[who]
    if role is None:
        return ErrorCode.NOT_SIGNED_IN
    if who.startswith("read-only") and verb in CHANGES:
        return ErrorCode.READ_ONLY
    return None if role in PERMISSIONS[verb] else ErrorCode.NOT_PERMITTED


@pytest.mark.parametrize("who", PEOPLE)
async def test_everybody_may_do_what_the_table_says(store: Store, who: str) -> None:
    services = _services(store, read_only=who.startswith("read-only"))
    numbers = count()
    own = "vic" if PEOPLE[who] is Role.VIEWER else "ada"
    far, past = utc_now() + timedelta(days=1), utc_now() - timedelta(seconds=1)
    await store.write(lambda t: t.add_account("dan", Role.ADMINISTRATOR, "hash", NOW))
    if who == "disabled":
        own = "dan"
        await store.write(lambda t: t.change_account("dan", disabled=True))

    async def somebody() -> Caller:
        token = f"token {next(numbers)} of {who}"
        await store.write(lambda t: t.change_account(own, password_hash=f"<{RIGHT}>"))
        if who != "signed out":
            until = past if who == "expired" else far
            idle = past if who == "idle" else None
            hashed = token_hash(token)
            await store.write(lambda t: t.add_session(own, hashed, utc_now(), until, idle_until=idle))
        return Caller(token, "pts/7")

    for calls, is_own in ((OTHERS, False), (OWN, True)):
        for name, call in calls.items():
            needs = METHODS[name]
            verb = needs.own if is_own and needs.own is not None else needs.verb
            caller = await somebody()
            code = None
            try:
                await call(services, caller, own)
            except JobmonError as refusal:
                code = refusal.code
            wanted = expected(who, verb)
            assert (code if code in REFUSED else None) is wanted, (who, name, is_own, code)
            if wanted is not None and wanted is not ErrorCode.NOT_SIGNED_IN:
                (newest,) = await store.read(lambda t: t.audit_entries(1, None))
                assert (newest.entry.action, newest.entry.outcome) == (verb.value, "refused"), name
                assert newest.entry.code == wanted.value
    whoami = None
    try:
        actor = await services.whoami(await somebody())
        assert (actor.role, actor.read_only) == (PEOPLE[who], who.startswith("read-only"))
    except JobmonError as refusal:
        whoami = refusal.code
    assert (whoami is ErrorCode.NOT_SIGNED_IN) == (PEOPLE[who] is None)
    await services.settle()


async def test_read_only_signs_in_and_out_and_makes_no_first_account(store: Store) -> None:
    services = _services(store, read_only=True)
    await store.write(lambda t: t.change_account("ada", password_hash=f"<{RIGHT}>"))
    opened = await services.sign_in("ada", RIGHT, "pts/7")
    assert opened.actor.read_only
    await services.sign_out(Caller(opened.token, "pts/7"))
    with pytest.raises(JobmonError) as refusal:
        await services.create_first_administrator("eve", "a long one of hers", "?")
    assert refusal.value.code is ErrorCode.READ_ONLY

"""Accounts on a real database: who may change whom, and the Administrator who always stays."""

import asyncio
from datetime import timedelta

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.roles import Role
from jobmon_tui.services import sign_in, users
from jobmon_tui.services.audited import Caller, token_hash
from jobmon_tui.services.passwords import Verdict
from tests.backends import Opens, Raw, Store
from tests.conformance.world import ADMIN, NOW, VIEWER

FAR = NOW + timedelta(days=40_000)


class QuickHasher:
    """Hashes at no cost, and counts."""

    def __init__(self) -> None:
        self.made = 0

    async def hash(self, password: str) -> str:
        self.made += 1
        return f"<{password}>"

    async def check(self, hashed: str | None, password: str) -> Verdict:
        return Verdict(hashed == f"<{password}>")


@pytest.fixture
def hasher() -> QuickHasher:
    return QuickHasher()


async def _refused(work: object) -> ErrorCode:
    with pytest.raises(JobmonError) as refusal:
        await work  # type: ignore[misc]
    return refusal.value.code


async def test_an_added_account_signs_in_until_it_is_disabled(store: Store, hasher: QuickHasher) -> None:
    await users.add_account(store, ADMIN, hasher, "bob", Role.VIEWER, "long enough")
    opened = await sign_in.sign_in(store, hasher, "bob", "long enough", "?")
    assert opened.actor.role is Role.VIEWER
    caller = sign_in.Caller(opened.token, "?")
    await users.change_account(store, ADMIN, hasher, "bob", disabled=True)
    assert await _refused(sign_in.whoami(store, caller)) is ErrorCode.NOT_SIGNED_IN
    assert (
        await _refused(sign_in.sign_in(store, hasher, "bob", "long enough", "?")) is ErrorCode.NOT_SIGNED_IN
    )
    await users.change_account(store, ADMIN, hasher, "bob", disabled=False, role=Role.ADMINISTRATOR)
    assert (await sign_in.sign_in(store, hasher, "bob", "long enough", "?")).actor.role is Role.ADMINISTRATOR
    listed = await users.list_accounts(store, ADMIN)
    assert [(each.name, each.role, each.disabled) for each in listed] == [
        ("ada", Role.ADMINISTRATOR, False),
        ("bob", Role.ADMINISTRATOR, False),
        ("vic", Role.VIEWER, False),
    ]
    found = await store.read(lambda t: t.audit_entries(100))
    assert [e.entry.details for e in found if e.entry.action == "User Change"] == [
        "changed “bob”: role Viewer → Administrator, enabled",
        "changed “bob”: disabled",
        "added “bob” as Viewer",
    ]


@pytest.mark.parametrize("change", [{"role": Role.VIEWER}, {"disabled": True}])
async def test_the_last_enabled_administrator_stays(
    store: Store, hasher: QuickHasher, raw: Raw, change: dict[str, object]
) -> None:
    refused = users.change_account(store, ADMIN, hasher, "ada", **change)  # type: ignore[arg-type]
    assert await _refused(refused) is ErrorCode.LAST_ADMINISTRATOR
    # A disabled one does not count as another.
    await store.write(lambda t: t.add_account("old", Role.ADMINISTRATOR, "hash", NOW))
    await store.write(lambda t: t.change_account("old", disabled=True))
    refused = users.change_account(store, ADMIN, hasher, "ada", **change)  # type: ignore[arg-type]
    assert await _refused(refused) is ErrorCode.LAST_ADMINISTRATOR
    assert raw("SELECT role, disabled FROM user_account WHERE name = 'ada'") == [("Administrator", 0)]
    await store.write(lambda t: t.change_account("old", disabled=False))
    await users.change_account(store, ADMIN, hasher, "ada", **change)  # type: ignore[arg-type]


async def test_two_administrators_cannot_remove_each_other_at_once(
    store: Store, hasher: QuickHasher, raw: Raw, opens: Opens
) -> None:
    await users.change_account(store, ADMIN, hasher, "vic", role=Role.ADMINISTRATOR)
    async with await opens() as other:
        tried = await asyncio.gather(
            users.change_account(store, ADMIN, hasher, "vic", disabled=True),
            users.change_account(other, ADMIN, hasher, "ada", disabled=True),
            return_exceptions=True,
        )
    assert sum(isinstance(each, JobmonError) for each in tried) == 1
    assert raw("SELECT count(*) FROM user_account WHERE NOT disabled AND role = 'Administrator'") == [(1,)]


async def test_of_many_at_once_one_becomes_the_first_administrator(
    opens: Opens, hasher: QuickHasher, raw: Raw
) -> None:
    async with await opens() as one, await opens() as other:
        tried = await asyncio.gather(
            *(
                sign_in.create_first_administrator(each, hasher, f"ada{n}", "long enough", "?")
                for n in range(6)
                for each in (one, other)
            ),
            return_exceptions=True,
        )
    refused = [each for each in tried if isinstance(each, JobmonError)]
    assert {each.code for each in refused} == {ErrorCode.ALREADY_EXISTS}
    assert len(refused) == 11
    assert raw("SELECT role FROM user_account") == [("Administrator",)]
    assert raw("SELECT count(*) FROM session") == [(1,)]
    told = "SELECT count(*) FROM audit_log WHERE action = 'First Administrator' AND outcome = ?"
    assert raw(told, "allowed") == [(1,)]
    assert raw(f"{told} AND code = 'already_exists'", "refused") == [(11,)]


async def test_administrators_who_all_step_down_at_once_leave_one(
    store: Store, hasher: QuickHasher, raw: Raw, opens: Opens
) -> None:
    for number in range(8):
        name = f"admin{number}"
        await store.write(lambda t, name=name: t.add_account(name, Role.ADMINISTRATOR, "hash", NOW))
        hashed = token_hash(f"token of {name}")
        await store.write(lambda t, name=name, hashed=hashed: t.add_session(name, hashed, NOW, FAR))
    async with await opens() as other:
        tried = await asyncio.gather(
            users.change_account(store, ADMIN, hasher, "ada", role=Role.VIEWER),
            *(
                users.change_account(
                    (store, other)[n % 2],
                    Caller(f"token of admin{n}", "?"),
                    hasher,
                    f"admin{n}",
                    role=Role.VIEWER,
                )
                for n in range(8)
            ),
            return_exceptions=True,
        )
    refused = [each for each in tried if each is not None]
    assert [each.code for each in refused if isinstance(each, JobmonError)] == [ErrorCode.LAST_ADMINISTRATOR]
    assert raw("SELECT count(*) FROM user_account WHERE NOT disabled AND role = 'Administrator'") == [(1,)]


async def test_everyone_changes_their_own_password_and_nobody_elses(
    store: Store, hasher: QuickHasher
) -> None:
    for other in (
        users.change_account(store, VIEWER, hasher, "ada", password="long enough"),
        users.change_account(store, VIEWER, hasher, "vic", password="long enough", role=Role.ADMINISTRATOR),
        users.change_account(store, VIEWER, hasher, "vic", role=Role.ADMINISTRATOR),
        users.add_account(store, VIEWER, hasher, "eve", Role.ADMINISTRATOR, "long enough"),
        users.list_accounts(store, VIEWER),
    ):
        assert await _refused(other) is ErrorCode.NOT_PERMITTED
    assert hasher.made == 0
    short = users.change_account(store, VIEWER, hasher, "vic", password="short")
    assert await _refused(short) is ErrorCode.INVALID_INPUT
    await store.write(lambda t: t.change_account("vic", password_hash="<quite old>"))
    without = users.change_account(store, VIEWER, hasher, "vic", password="long enough")
    assert await _refused(without) is ErrorCode.INVALID_INPUT
    wrong = users.change_account(store, VIEWER, hasher, "vic", password="long enough", old_password="guessed")
    assert await _refused(wrong) is ErrorCode.NOT_PERMITTED
    await users.change_account(store, VIEWER, hasher, "vic", password="long enough", old_password="quite old")
    assert (await sign_in.sign_in(store, hasher, "vic", "long enough", "?")).actor.name == "vic"
    (newest,) = [
        each.entry
        for each in await store.read(lambda t: t.audit_entries(2))
        if each.entry.action == "Password Change"
    ]
    assert (newest.actor, newest.outcome, newest.details) == ("vic", "allowed", "changed “vic”: password")


async def test_bad_input_is_refused(store: Store, hasher: QuickHasher) -> None:
    add = users.add_account
    assert (
        await _refused(add(store, ADMIN, hasher, "", Role.VIEWER, "long enough")) is ErrorCode.INVALID_INPUT
    )
    assert (
        await _refused(add(store, ADMIN, hasher, "x" * 65, Role.VIEWER, "long enough"))
        is ErrorCode.INVALID_INPUT
    )
    assert await _refused(add(store, ADMIN, hasher, "bob", Role.VIEWER, "short")) is ErrorCode.INVALID_INPUT
    assert (
        await _refused(add(store, ADMIN, hasher, "vic", Role.VIEWER, "long enough"))
        is ErrorCode.ALREADY_EXISTS
    )
    nobody = users.change_account(store, ADMIN, hasher, "no\udcffbody", disabled=True)
    assert await _refused(nobody) is ErrorCode.USER_NOT_FOUND
    stranger = users.list_accounts(store, sign_in.Caller("guess", "?"))
    assert await _refused(stranger) is ErrorCode.NOT_SIGNED_IN


async def test_saying_what_is_so_already_ends_no_session(store: Store, hasher: QuickHasher) -> None:
    await users.change_account(store, ADMIN, hasher, "vic", role=Role.VIEWER, disabled=False)
    assert (await sign_in.whoami(store, VIEWER)).name == "vic"
    assert await store.read(lambda t: t.audit_entries(10)) == []

"""Signing in: wrong passwords slow down, sessions end with a reason, and the audit log is not flooded."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError, Throttled
from jobmon_tui.domain.roles import Role
from jobmon_tui.domain.throttling import FREE, MOST_NOTED
from jobmon_tui.services import sign_in, users
from jobmon_tui.services.audited import Caller, token_hash, utc_now
from jobmon_tui.services.gate import Gate
from jobmon_tui.services.passwords import Verdict
from jobmon_tui.services.ports import Transaction
from jobmon_tui.services.sessions import list_sessions
from tests.backends import Opens, Raw, Store
from tests.conformance.world import ADMIN, NOW, VIEWER

RIGHT = "quite the right one"


class CountingHasher:
    """Hashes at no cost, and counts how often it was asked."""

    def __init__(self, rehashed: str | None = None) -> None:
        self.asked = 0
        self._rehashed = rehashed

    async def hash(self, password: str) -> str:
        return f"<{password}>"

    async def check(self, hashed: str | None, password: str) -> Verdict:
        self.asked += 1
        await asyncio.sleep(0)
        fits = hashed == f"<{password}>"
        return Verdict(fits, self._rehashed if fits else None)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def known(store: Store) -> Store:
    """A database in which ada's password is known."""
    await store.write(lambda t: t.change_account("ada", password_hash=f"<{RIGHT}>"))
    return store


async def _code(work: object) -> ErrorCode | None:
    try:
        await work  # type: ignore[misc]
    except JobmonError as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("name", ["ada", "nobody at all"])
async def test_after_five_wrong_passwords_one_waits_twice_as_long_each_time(
    known: Store, opens: Opens, name: str
) -> None:
    hasher, clock = CountingHasher(), Clock()
    waits = []
    async with await opens() as other:
        for turn in range(FREE + 12):
            store = (known, other)[turn % 2]  # it holds across processes
            wrong = sign_in.sign_in(store, hasher, name, "guess", "?", clock=clock)
            assert await _code(wrong) is ErrorCode.NOT_SIGNED_IN
            began = clock.now
            asked = hasher.asked
            try:
                await sign_in.sign_in(store, hasher, name, "guess", "?", clock=clock)
            except Throttled as refusal:
                assert hasher.asked == asked  # it costs no hash
                clock.now += timedelta(seconds=refusal.retry_after)
                waits.append((clock.now - began).total_seconds())
            except JobmonError:
                assert turn < FREE // 2
    assert waits[:3] == [1, 2, 4]
    assert waits[-1] == max(waits) == 900
    if name == "ada":
        assert await _code(sign_in.sign_in(known, hasher, name, RIGHT, "?", clock=clock)) is None
        # A success resets it.
        assert await known.read(lambda t: t.failures("ada")) is None


async def test_many_guesses_at_once_are_told_no_more_than_a_few_are(known: Store) -> None:
    clock, hasher = Clock(), CountingHasher()
    guesses = [f"guess {n}" for n in range(20)] + [RIGHT]
    codes = await asyncio.gather(
        *(_code(sign_in.sign_in(known, hasher, "ada", each, "?", clock=clock)) for each in guesses)
    )
    assert codes.count(ErrorCode.NOT_SIGNED_IN) == FREE
    assert codes.count(ErrorCode.THROTTLED) == len(guesses) - FREE


async def test_guesses_at_a_lock_count_and_the_right_password_opens_it(known: Store) -> None:
    hasher = CountingHasher()
    for _ in range(FREE):
        assert await _code(sign_in.unlock(known, hasher, ADMIN, "guess")) is ErrorCode.NOT_PERMITTED
    assert await _code(sign_in.unlock(known, hasher, ADMIN, RIGHT)) is ErrorCode.THROTTLED
    assert await _code(sign_in.sign_in(known, hasher, "ada", RIGHT, "?")) is ErrorCode.THROTTLED
    await known.write(lambda t: t.keep_failures("ada", None))
    assert await _code(sign_in.unlock(known, hasher, ADMIN, RIGHT)) is None
    newest, *_ = await known.read(lambda t: t.audit_entries(1, None))
    assert (newest.entry.actor, newest.entry.action, newest.entry.outcome) == ("ada", "Unlock", "allowed")


async def test_names_that_nobody_has_never_make_anybody_forget_an_accounts_failures(
    known: Store, monkeypatch: pytest.MonkeyPatch, raw: Raw
) -> None:
    monkeypatch.setattr("jobmon_tui.storage.session_queries._MOST_UNKNOWN", 3)
    hasher = CountingHasher()
    for name in ("ada", *(f"made up {n}" for n in range(6))):
        await _code(sign_in.sign_in(known, hasher, name, "guess", "?"))
    assert raw("SELECT count(*) FROM sign_in_failure") == [(4,)]
    assert await known.read(lambda t: t.failures("ada")) is not None
    assert await known.read(lambda t: t.failures("made up 5")) is not None
    assert await known.read(lambda t: t.failures("made up 0")) is None
    # What was typed for a name may have been a password.
    assert not [row for row in raw("SELECT name_hash FROM sign_in_failure") if "made" in str(row)]


async def test_a_hash_of_another_cost_is_made_anew_and_no_session_ends(known: Store, raw: Raw) -> None:
    await sign_in.sign_in(known, CountingHasher("<dearer>"), "ada", RIGHT, "?")
    assert raw("SELECT password_hash FROM user_account WHERE name = 'ada'") == [("<dearer>",)]
    assert (await sign_in.whoami(known, ADMIN)).name == "ada"


async def test_a_flood_of_names_leaves_a_bounded_number_of_rows_and_their_count(
    known: Store, raw: Raw
) -> None:
    clock, hasher = Clock(), CountingHasher()
    for n in range(MOST_NOTED + 15):
        await _code(sign_in.sign_in(known, hasher, f"\x1b[31mname {n}", "guess", "?", clock=clock))
    rows = "SELECT count(*) FROM audit_log WHERE action = 'Sign In'"
    assert raw(rows) == [(MOST_NOTED,)]
    clock.now += timedelta(minutes=1)
    await _code(sign_in.sign_in(known, hasher, "one more", "guess", "?", clock=clock))
    assert raw(rows) == [(MOST_NOTED + 1,)]
    told = raw("SELECT details FROM audit_log WHERE action = 'Refusals'")
    assert told == [("15 more refusals without a session were counted, not noted one by one",)]
    assert not [name for (name,) in raw("SELECT actor FROM audit_log") if "\x1b" in str(name)]


async def test_signing_in_and_out_and_being_refused_leave_rows(known: Store, raw: Raw) -> None:
    hasher, gate = CountingHasher(), Gate(known)
    opened = await sign_in.sign_in(gate, hasher, "ada", RIGHT, "pts/3")
    caller = Caller(opened.token, "pts/3")
    await sign_in.sign_out(gate, caller)
    await sign_in.sign_out(gate, caller)
    for _ in range(3):
        assert await _code(sign_in.whoami(gate, caller)) is ErrorCode.NOT_SIGNED_IN
    change = users.change_account(gate, caller, hasher, "vic", disabled=True)
    assert await _code(change) is ErrorCode.NOT_SIGNED_IN
    assert raw("SELECT actor, action, outcome, code FROM audit_log ORDER BY id") == [
        ("ada", "Sign In", "allowed", None),
        ("ada", "Sign Out", "allowed", None),
        ("-", "View", "refused", "not_signed_in"),
        ("-", "User Change", "refused", "not_signed_in"),
    ]


def _open(hashed: str, until: datetime, transaction: Transaction) -> None:
    transaction.add_session("vic", hashed, utc_now(), until)


async def test_whose_session_has_ended_is_told_why(known: Store) -> None:
    hasher = CountingHasher()
    for change, why in (
        ({"role": Role.ADMINISTRATOR}, "the role was changed to Administrator"),
        ({"password": "a new and long one"}, "the password was changed"),
        ({"disabled": True}, "the account was disabled"),
    ):
        hashed, until = token_hash(why), utc_now() + timedelta(hours=1)
        await known.write(partial(_open, hashed, until))
        await users.change_account(known, ADMIN, hasher, "vic", **change)  # type: ignore[arg-type]
        with pytest.raises(JobmonError, match=f"Your session has ended: {why}"):
            await sign_in.whoami(known, Caller(why, "?"))


async def test_use_is_noted_once_a_minute_and_keeps_a_session_from_ending(known: Store, raw: Raw) -> None:
    clock = Clock()
    gate = Gate(known, idle=timedelta(hours=2), clock=clock)
    used = "SELECT count(*) FROM session WHERE last_used_at = ?"
    kept = (lambda at: at) if not str(known.__class__.__name__).startswith("Sqlite") else _text
    for minutes, noted in ((0.5, False), (1.5, True), (2.0, False), (2.6, True)):
        clock.now = NOW + timedelta(minutes=minutes)
        await sign_in.whoami(gate, VIEWER, clock=clock)
        await gate.settle()
        assert (raw(used, kept(clock.now)) == [(1,)]) is noted, minutes
    last = clock.now
    clock.now = last + timedelta(hours=1, minutes=59)
    assert await _code(sign_in.whoami(known, VIEWER, clock=clock)) is None
    clock.now = last + timedelta(hours=2)
    with pytest.raises(JobmonError, match="nobody used it for too long"):
        await sign_in.whoami(known, VIEWER, clock=clock)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


async def test_a_session_of_the_release_before_goes_on(known: Store, raw: Raw) -> None:
    raw("UPDATE session SET last_used_at = NULL, idle_until = NULL, origin = NULL")
    gate = Gate(known, idle=timedelta(hours=2))
    assert (await sign_in.whoami(gate, VIEWER)).name == "vic"
    await gate.settle()
    (own,) = await list_sessions(gate, VIEWER)
    assert (own.account, own.origin, own.is_current) == ("vic", None, True)
    assert own.last_used_at is not None

"""The stream of events: nothing missed, nothing twice, and it ends with its session, its server, its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobmon_tui.api import bulletin, events
from jobmon_tui.api.bulletin import Bulletin
from jobmon_tui.domain.errors import ErrorCode, JobmonError, storage_unavailable
from jobmon_tui.services.audited import token_hash
from tests.api.lines import connect, hang_up, once, request, until
from tests.api.stage import Served, local_services, served
from tests.api.streams import listening
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, NOW, VIEWER, end_raw, many, queue_one

ENDS_WITHIN = 2.5
"""Seconds from a revocation to the stream's end: about one, and some for a busy machine."""


@pytest.fixture(autouse=True)
async def _hung_up() -> AsyncIterator[None]:
    yield
    await hang_up()


async def test_each_step_is_told_once(server: Served, store: Store, raw: Raw) -> None:
    async with listening(server.path, VIEWER.token) as listener:
        assert listener.response.headers["content-type"].startswith("text/event-stream")
        made = await store.write(queue_one)
        (queued,) = await listener.steps(1)
        assert queued.step == (made, "Queued")
        end_raw(raw, made)
        failed = await listener.steps(1)
        assert failed[-1].step == (made, "Failed")
        again = await local_services(store).retry(ADMIN, made)
        (retried,) = await listener.steps(1)
        assert retried.step == (again.new_id, "Queued")
        assert retried.data["retry_of"] == made
        assert await listener.next("change") is not None


async def test_a_thousand_steps_across_broken_connections(server: Served, store: Store) -> None:
    told: list[int] = []
    async with listening(server.path, VIEWER.token) as listener:
        for start in range(1, 501, 100):
            await store.write(many(range(start, start + 100), "Failed", NOW))
        first = await listener.steps(137)
        told += [each.data["id"] for each in first]
    place = first[-1].id
    # Nobody listens when the rest happens.
    await store.write(many(range(501, 801), "Failed", NOW))
    while len(told) < 1_000 * 3:
        async with listening(server.path, VIEWER.token, place, seconds=0) as listener:
            while (event := await listener.next("step", "reset", "end")) is not None:
                assert event.kind == "step"
                told.append(event.data["id"])
                place = event.id
        if max(told) >= 800:
            break
    # An execution that was Queued, has started and has Failed between two looks has made three steps.
    assert told == sorted(told)
    assert {number: told.count(number) for number in range(1, 801)} == dict.fromkeys(range(1, 801), 3)


async def test_only_changes_are_told_to_who_wants_no_more(server: Served, store: Store) -> None:
    async with listening(server.path, VIEWER.token, of="changes") as listener:
        await store.write(many(range(1, 3), "Failed", NOW))
        change = await listener.next()
        assert (change.kind, change.data) == ("change", {})  # type: ignore[union-attr]
    # Who comes back is told at once: there may have been a change meanwhile.
    async with listening(server.path, VIEWER.token, change.id, of="changes", seconds=0) as listener:  # type: ignore[union-attr]
        assert [(await listener.next()).kind, await listener.next()] == ["change", None]  # type: ignore[union-attr]


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_who_comes_back_to_another_server_or_with_nonsense_is_told_to_look_anew(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("s")
    async with served(store, folder) as before, listening(before.path, VIEWER.token) as listener:
        await store.write(many(range(1, 2), "Failed", NOW))
        place = (await listener.steps(3))[-1].id
    async with served(store, folder) as after:
        for each in (place, "", "x", "-", "x-99999999999999999999", place + "9", "x" * 100):
            async with listening(after.path, VIEWER.token, each, seconds=0) as listener:
                reset = await listener.next()
                assert (reset.kind, reset.data) == ("reset", {}), each  # type: ignore[union-attr]
        # From there on nothing is missed.
        await store.write(many(range(2, 3), "Failed", NOW))
        async with listening(after.path, VIEWER.token, reset.id) as listener:  # type: ignore[union-attr]
            assert [each.step for each in await listener.steps(3)] == [
                (2, status) for status in ("Queued", "Running", "Failed")
            ]


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_who_falls_too_far_behind_is_told_so(server: Served, store: Store) -> None:
    followed = server.app.state.bulletin
    followed._steps = type(followed._steps)(maxlen=50)
    async with listening(server.path, VIEWER.token) as listener:
        await store.write(many(range(1, 2), "Failed", NOW))
        place = (await listener.steps(3))[-1].id
        await store.write(many(range(2, 41), "Failed", NOW))
    await until(lambda: followed.place.number == 120)
    async with listening(server.path, VIEWER.token, place, seconds=0) as listener:
        reset = await listener.next()
        assert (reset.kind, reset.id) == ("reset", str(followed.place))  # type: ignore[union-attr]


@pytest.mark.parametrize("how", ["signed out", "disabled", "deleted meanwhile"])
async def test_a_session_that_has_ended_ends_its_stream(server: Served, store: Store, how: str) -> None:
    services = local_services(store)
    async with listening(server.path, VIEWER.token) as listener:
        # A change just before, so that the session has been asked for a moment ago.
        await asyncio.sleep(events.CHECK_SECONDS)
        await store.write(queue_one)
        await listener.steps(1)
        began = asyncio.get_running_loop().time()
        if how == "signed out":
            await services.sign_out(VIEWER)
        elif how == "disabled":
            await services.change_account(ADMIN, "vic", disabled=True)
        else:
            await store.write(lambda transaction: transaction.end_session(token_hash(VIEWER.token)))
        end = await listener.next("end")
        assert end is not None
        assert end.data["code"] == "not_signed_in"
        assert await listener.next() is None
        assert asyncio.get_running_loop().time() - began < ENDS_WITHIN


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_session_that_runs_out_is_noticed_with_the_beat(
    server: Served, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.4)
    soon = datetime.now(UTC) + timedelta(seconds=8)
    await store.write(lambda to: to.add_session("vic", token_hash("short"), NOW, soon))
    async with listening(server.path, "short") as listener:
        await listener.beat()
        await listener.beat()
        end = await listener.next("end")
        assert end is not None
        assert end.data["status"] == 401


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_streams_end_when_the_server_stops_and_when_their_time_is_over(server: Served) -> None:
    loop = asyncio.get_running_loop()
    async with listening(server.path, VIEWER.token, seconds=1) as short:
        began = loop.time()
        assert await short.next("step", "reset", "end") is None
        assert loop.time() - began > 0.9
    async with listening(server.path, VIEWER.token) as one, listening(server.path, ADMIN.token) as other:
        began = loop.time()
        server.server.stop()
        kinds = ("step", "reset", "end")
        assert [await one.next(*kinds), await other.next(*kinds)] == [None, None]
        assert loop.time() - began < ENDS_WITHIN
    assert server.app.state.bulletin.listeners == 0


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_who_has_gone_is_listened_to_no_more(server: Served, store: Store) -> None:
    followed: Bulletin = server.app.state.bulletin
    for _ in range(20):
        wire = await connect(server.path)
        await wire.send(request("GET", "/api/v1/events", token=VIEWER.token))
        wire.close()
    async with listening(server.path, VIEWER.token):
        await until(lambda: followed.listeners == 1)
    await until(lambda: followed.listeners == 0)
    followed._linger = 0.0
    await store.write(queue_one)
    await until(lambda: not followed.is_followed)
    async with listening(server.path, VIEWER.token) as listener:
        await store.write(queue_one)
        assert len(await listener.steps(1)) == 1


class _Away:
    """A database that can be away."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_away = False
        self.error: Exception = storage_unavailable("It is away.")

    async def read(self, work: Any) -> Any:
        if self.is_away:
            raise self.error
        return await self.store.read(work)


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_nothing_is_lost_while_the_database_is_away(server: Served, store: Store) -> None:
    followed: Bulletin = server.app.state.bulletin
    followed._database = away = _Away(store)  # type: ignore[assignment]
    away.is_away = True
    # Nobody can be told yet what happens from now on: said at once, and another comes again.
    refused = await once(server.path, request("GET", "/api/v1/events", token=VIEWER.token))
    assert (refused.status, refused.json["code"]) == (503, "storage_unavailable")
    assert followed.listeners == 0
    away.is_away = False
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(listening(server.path, VIEWER.token)) for _ in range(3)]
        away.is_away = True
        await store.write(many(range(1, 21), "Failed", NOW))
        for each in listeners:
            assert await each.next("change") is not None
        away.is_away = False
        for each in listeners:
            assert [step.data["id"] for step in await each.steps(60)] == sorted([*range(1, 21)] * 3)


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_following_that_fails_ends_its_streams_and_begins_anew(
    server: Served, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    followed: Bulletin = server.app.state.bulletin
    followed._database = away = _Away(store)  # type: ignore[assignment]
    async with listening(server.path, VIEWER.token) as listener:
        away.error, away.is_away = ZeroDivisionError("no"), True
        await store.write(queue_one)
        assert await listener.next("end", "reset", "step") is None
    assert "ZeroDivisionError" in caplog.text
    away.is_away = False
    async with listening(server.path, VIEWER.token) as listener:
        await store.write(queue_one)
        assert len(await listener.steps(1)) == 1


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_first_look_that_never_ends_is_not_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulletin, "BEGIN_SECONDS", 0.1)

    class Stuck:
        async def read(self, _work: Any) -> Any:
            await asyncio.Event().wait()

    followed = Bulletin(Stuck(), store.feed.watch)  # type: ignore[arg-type]
    with pytest.raises(JobmonError) as refusal:
        await followed.enter()
    assert (refusal.value.code, followed.listeners) == (ErrorCode.STORAGE_UNAVAILABLE, 0)
    # One who is cancelled while waiting takes nobody else along.
    impatient, patient = asyncio.create_task(followed.enter()), asyncio.create_task(followed.enter())
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(JobmonError):
        await patient
    assert impatient.cancelled()
    assert followed.listeners == 0
    await followed.close()

"""Nobody waits long to sign in because somebody else guesses a thousand names."""

import asyncio
from pathlib import Path

import pytest

from jobmon_tui.api.turns import MOST, MOST_OF_ONE, Turns
from jobmon_tui.client.address import parse_server
from jobmon_tui.client.line import Line
from jobmon_tui.client.remote import RemoteServices
from jobmon_tui.domain.errors import ErrorCode, JobmonError, Throttled
from jobmon_tui.services.passwords import Verdict
from tests.api.stage import served
from tests.backends import Store


class _Stuck:
    """Looks at no password before it is told to."""

    def __init__(self) -> None:
        self._asked = 0
        self.all_ask = asyncio.Event()
        self.go_on = asyncio.Event()

    async def hash(self, password: str) -> str:
        return password

    async def check(self, hashed: str | None, password: str) -> Verdict:
        self._asked += 1
        if self._asked == MOST_OF_ONE:
            self.all_ask.set()
        await self.go_on.wait()
        return Verdict(hashed == password)


async def test_of_one_peer_no_more_than_some_are_looked_at_at_once(store: Store, tmp_path: Path) -> None:
    async with served(store, tmp_path) as server:
        stuck = server.app.state.services._hasher = _Stuck()
        lines = [Line(parse_server(server.url)) for _ in range(3)]
        asking = [RemoteServices(line) for line in lines]
        guesses = [
            asyncio.create_task(asking[number % 2].sign_in(f"name {number}", "guess", "?"))
            for number in range(MOST_OF_ONE)
        ]
        await stuck.all_ask.wait()
        with pytest.raises(Throttled) as refusal:
            await asking[2].sign_in("ada", "guess", "?")
        assert refusal.value.retry_after > 0
        stuck.go_on.set()
        for guess in guesses:
            with pytest.raises(JobmonError) as wrong:
                await guess
            assert wrong.value.code is ErrorCode.NOT_SIGNED_IN
        with pytest.raises(JobmonError) as again:
            await asking[2].sign_in("ada", "guess", "?")
        assert again.value.code is ErrorCode.NOT_SIGNED_IN
        for line in lines:
            await line.close()


def test_one_peer_leaves_room_for_others_and_all_have_a_limit() -> None:
    turns, taken = Turns(), []
    for number in range(MOST):
        taken.append(turns.take(f"uid={number // MOST_OF_ONE}"))
        taken[-1].__enter__()
    for peer in ("uid=0", "uid=99"):
        with pytest.raises(Throttled), turns.take(peer):
            pass
    taken.pop().__exit__(None, None, None)
    with pytest.raises(Throttled), turns.take("uid=0"):
        pass
    with turns.take("uid=99"):
        pass

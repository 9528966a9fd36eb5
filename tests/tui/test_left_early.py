"""Whatever is pressed while answers are under way, nobody's answer comes to a screen that is gone."""

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

import pytest
from textual.events import Key
from textual.keys import _character_to_key

from jobmon_tui.domain.errors import storage_unavailable
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.ports import Transaction
from tests.e2e.faults.size import rounds, seed
from tests.tui.every_screen import KEYS
from tests.tui.fake_services import FakeServices
from tests.tui.memory_database import MemoryDatabase
from tests.tui.stage import Stage, on_stage

T = TypeVar("T")
WALKS = rounds(10, 1_000)
LONGEST = 0.06
"""Seconds that an answer takes, at most."""
AWAY = 0.05
ENDS = {"quit", "drain", "lock"}
OPENERS = [keys for name, (_, keys) in KEYS.items() if name not in ENDS and keys]
NEXT = [
    "j",
    "k",
    "g",
    "G",
    "enter",
    "tab",
    "slash",
    "a",
    "v",
    "c",
    "x",
    "r",
    "space",
    "right",
    "left",
    "e",
    "d",
]


class LateDatabase(MemoryDatabase):
    """Answers after a moment of chance; now and then it is not there."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.dice = dice

    async def read(self, work: Callable[[Transaction], T]) -> T:
        await self._wait()
        return await super().read(work)

    async def write(self, work: Callable[[Transaction], T], *, repeatable: bool = False) -> T:
        await self._wait()
        return await super().write(work, repeatable=repeatable)

    async def _wait(self) -> None:
        await asyncio.sleep(self.dice.uniform(0.0, LONGEST))
        if self.dice.random() < AWAY:
            raise storage_unavailable("The database is away.")


async def _press(stage: Stage, dice: random.Random, *keys: str) -> None:
    """Press keys as somebody does who does not wait."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        stage.app.post_message(Key(name, key if len(key) == 1 else None))
        await asyncio.sleep(dice.choice([0, 0, 0.01, 0.05, dice.uniform(0, 0.5)]))


@pytest.mark.timeout(900)
async def test_leaving_early_breaks_nothing() -> None:
    dice = random.Random(seed())
    services = FakeServices()
    tables, tables_feed = services.database.tables, services.database.feed
    for number in range(60):
        services.add(f"Report {number % 7}", list(Status)[number % 5], error="boom", output="printed\n")
    async with on_stage(services, size=(100, 30)) as stage:
        late = LateDatabase(dice)
        late.tables, late.feed = tables, tables_feed
        services._database._database = late
        for walk in range(WALKS):
            keys = [*dice.choice(OPENERS), *dice.choices(NEXT, k=dice.randrange(4))]
            leaving = ["escape"] * dice.randrange(1, 5)
            if dice.random() < 0.3:
                tables_feed.changed()
            await _press(stage, dice, *keys, *leaving)
            assert stage.app.is_running, (walk, keys, leaving)
        late.dice = random.Random(0)
        await stage.press(*["escape"] * 8)
        assert stage.app.is_running

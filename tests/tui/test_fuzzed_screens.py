"""2,000 texts of the worst kind, in every field that a screen shows: nothing crashes, nothing steers."""

import random

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import clean
from tests.e2e.faults.size import rounds, seed
from tests.hostile import PAYLOADS
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage

TEXTS, BATCH = rounds(240, 2_000), 80
_NASTY = [
    *PAYLOADS.values(),
    *("\ud800", "\udfff", "\ufeff", "\u2028", "\u200b", "e\u0301" * 5, "\U0001f469\u200d\U0001f680", "漢字"),
    *("[", "]", "[/", "[b]", "[@click=app.bell]", "\\[", "$var", "{x}", "%s", "\t", "\r\n", "\x7f", "\x85"),
    *("\u202e\u202d", "ﷺ", "\u0e33" * 3, "x" * 300, " ", "", "&lt;", "`", "\x1b", "\x1b[", "\x1b]"),
]
KEYS = [
    "d",
    "j",
    "j",
    "G",
    "g",
    "enter",
    "escape",
    "v",
    "w",
    "escape",
    "s",
    "e",
    "escape",
    "escape",
    "a",
    "enter",
]


def fuzzed(dice: random.Random) -> str:
    """Make one text: nasty pieces, and single characters from anywhere in Unicode."""
    parts = [
        dice.choice(_NASTY) if dice.random() < 0.6 else chr(dice.randrange(0x110000))
        for _ in range(dice.randrange(1, 9))
    ]
    return "".join(parts)


@pytest.mark.timeout(600)
async def test_2000_fuzzed_texts_crash_no_screen_and_reach_none() -> None:
    dice = random.Random(seed())
    services = FakeServices()
    services.add("Sales")
    async with on_stage(services, size=(120, 40)) as stage:
        for _ in range(TEXTS // BATCH):
            texts = [fuzzed(dice) for _ in range(BATCH)]
            for name, error, detail, output in zip(*[iter(texts)] * 4, strict=True):
                # What a program prints is decoded before it is kept.
                printed = output.encode(errors="replace").decode()
                services.add(name, Status.FAILED, error=error, error_detail=detail, output=printed)
            await stage.press("g")
            for key in KEYS:
                await stage.pilot.press(key)
                painted = stage.all_text
                assert painted == clean(painted), (key, painted)
            await stage.press("escape", "escape", "escape", "r")
            assert stage.app.is_running
            assert all(each == clean(each) for each in stage.toasts)
            await stage.press("escape")

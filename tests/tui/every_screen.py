"""Each screen of the dashboard, and the keys that open it, for what has to hold on all of them."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui import screens
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.contracts import Extra, Options
from jobmon_tui.tui.screens.audit import AuditScreen
from jobmon_tui.tui.screens.changed import ChangedScreen
from jobmon_tui.tui.screens.columns import ColumnsScreen
from jobmon_tui.tui.screens.confirm import ConfirmScreen
from jobmon_tui.tui.screens.dashboard import DashboardScreen
from jobmon_tui.tui.screens.first_run import FirstRunScreen
from jobmon_tui.tui.screens.full_output import FullOutputScreen
from jobmon_tui.tui.screens.help import HelpScreen
from jobmon_tui.tui.screens.lock import LockScreen
from jobmon_tui.tui.screens.messages import MessagesScreen
from jobmon_tui.tui.screens.palette import PaletteScreen
from jobmon_tui.tui.screens.pick_report import PickReportScreen
from jobmon_tui.tui.screens.quit import DrainScreen, QuitScreen
from jobmon_tui.tui.screens.report_form import ReportFormScreen
from jobmon_tui.tui.screens.reports import ReportsScreen
from jobmon_tui.tui.screens.sign_in import SignInScreen
from jobmon_tui.tui.screens.waiting import WaitingScreen
from jobmon_tui.tui.screens.workers import WorkersScreen
from tests.tui.fake_services import FakeServices, FakeWorker
from tests.tui.shell_stage import Stage


def full_services() -> FakeServices:
    services = FakeServices()
    for status in Status:
        services.add(f"Report {status.value}", status, error="boom" if status is Status.FAILED else None)
    failed = services.add("Sales", error="no such table", error_detail="line 1", output="printed\n")
    services.edit("Sales")
    services.add("Sales", Status.QUEUED, retry_of=failed, attempt=2)
    return services


async def nothing() -> str:
    return "done"


@asynccontextmanager
async def dressed(stage: Stage) -> AsyncIterator[Pilot[int]]:
    extra = Extra("p", "Put file", "The file is missing.", nothing)
    stage.options = Options(origin="pts/1", extra=extra)
    app = JobmonApp(stage.connect, Options(origin="pts/1"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause()
        yield pilot


class SlowWorker(FakeWorker):
    """Takes as long as it is given."""

    async def stop(self, grace: float, reason: str) -> None:
        await asyncio.sleep(grace)


KEYS: dict[str, tuple[type[Screen[Any]], list[str]]] = {
    "dashboard, details": (DashboardScreen, ["down", "enter"]),
    "retry focused": (DashboardScreen, ["down", "right"]),
    "a filter": (DashboardScreen, ["4"]),
    "search": (DashboardScreen, ["slash", "S"]),
    "output": (FullOutputScreen, ["down", "v"]),
    "output, found": (FullOutputScreen, ["down", "v", "slash", "i", "enter"]),
    "output, finding": (FullOutputScreen, ["down", "v", "slash", "i"]),
    "audit": (AuditScreen, ["r", "a"]),
    "audit, details": (AuditScreen, ["r", "a", "enter", "enter"]),
    "help": (HelpScreen, ["question_mark"]),
    "messages": (MessagesScreen, ["r", "m"]),
    "workers": (WorkersScreen, ["w"]),
    "reports, details": (ReportsScreen, ["s", "enter"]),
    "reports, search": (ReportsScreen, ["s", "slash", "S"]),
    "quit": (QuitScreen, ["q"]),
    "drain": (DrainScreen, ["q", "w"]),
    "confirm": (ConfirmScreen, []),
    "changed meanwhile": (ChangedScreen, []),
    "report form, wrong": (ReportFormScreen, ["s", "c", *"Sales", "tab", "tab"]),
    "lock": (LockScreen, ["L"]),
    "pick": (PickReportScreen, ["n"]),
    "columns": (ColumnsScreen, ["o"]),
    "commands": (PaletteScreen, ["ctrl+p"]),
    "commands, none": (PaletteScreen, ["ctrl+p", "#", "#"]),
    "pick, none": (PickReportScreen, ["n", "z", "z"]),
}
BEFORE = {"sign in": SignInScreen, "first run": FirstRunScreen, "no connection": WaitingScreen}


def every_screen() -> set[type[Screen[Any]]]:
    """Return each screen that the package has, but for those that are there to be inherited from."""
    for module in pkgutil.iter_modules(screens.__path__, f"{screens.__name__}."):
        importlib.import_module(module.name)
    found: set[type[Screen[Any]]] = set()
    left: list[type[Screen[Any]]] = [Screen]
    while left:
        below = list(left.pop().__subclasses__())
        left += below
        found |= {each for each in below if each.__module__.startswith("jobmon_tui.")}
    return {
        each for each in found if not any(other is not each and issubclass(other, each) for other in found)
    }


async def open_by(pilot: Pilot[int], dashboard: Screen[Any], keys: Sequence[str]) -> None:
    while pilot.app.screen is not dashboard:
        await pilot.app.pop_screen()
    await pilot.press(*keys)


async def opened(pilot: Pilot[int], name: str) -> None:
    """Open one of `KEYS`."""
    kind, keys = KEYS[name]
    await pilot.press(*keys)
    if kind is ConfirmScreen:
        pilot.app.push_screen(ConfirmScreen("Cancel #12?", "Cancel it"))
    if kind is ChangedScreen:
        pilot.app.push_screen(ChangedScreen("Somebody else changed this report."))
    await pilot.pause(0.1)
    assert type(pilot.app.screen) is kind

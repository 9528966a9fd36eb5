"""Make the README's pictures: the real dashboard on the demo, after some seconds. Run by `make pictures`."""

import asyncio
import platform
from pathlib import Path

from jobmon_tui.cli.dashboard import connect_demo
from jobmon_tui.cli.demo_folder import make_folder, remove_folder
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.contracts import Options

HERE = Path(__file__).parent
# The workers' names hold the machine's; a picture should not.
platform.node = lambda: "jumphost"


async def _take(name: str, size: tuple[int, int], *keys: str) -> None:
    folder = make_folder()
    app = JobmonApp(lambda: connect_demo(folder), Options(origin="pictures"))
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause(14)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.4)
        await pilot.pause(1)
        app.save_screenshot(f"{name}.svg", path=str(HERE))
    remove_folder(folder)


async def main() -> None:
    """Take them one after another."""
    await _take("dashboard", (110, 26), "4", "G", "p", "r", "0")
    await _take("details", (130, 36), "slash", *"Fleet", "enter", "enter")
    await _take("dashboard-80x24", (80, 24))


asyncio.run(main())

"""The dashboard over a database that answers 30 ms late."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from jobmon_tui.cli import loading
from jobmon_tui.cli.way_in import enter
from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.look import Glance, Overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.page_source import ServicesSource

LATE = 0.03


class LateSource(ServicesSource):
    """Reads like the other, later."""

    async def overview(self, wanted: ExecutionFilter) -> Overview:
        """Return the counts, later."""
        await asyncio.sleep(LATE)
        return await super().overview(wanted)

    async def executions(self, *given: Any, **named: Any) -> Sequence[Execution]:
        """Return rows, later."""
        await asyncio.sleep(LATE)
        return await super().executions(*given, **named)

    async def glance(self, *given: Any, **named: Any) -> Glance:
        """Return both, later."""
        await asyncio.sleep(LATE)
        return await super().glance(*given, **named)


def main() -> int:
    """Put it in the place of the other, and run."""
    from jobmon_tui.tui.screens import dashboard

    dashboard.ServicesSource = LateSource  # type: ignore[misc]
    loading.begin()
    return enter(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

"""The table's rows, from the services, as whoever is signed in."""

from collections.abc import Sequence

from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.look import Glance, Overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.host import Host


class ServicesSource:
    """The services as the table knows them."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def overview(self, wanted: ExecutionFilter) -> Overview:
        """Return the counts, how many rows match, and who is alive."""
        return await self._host.services.overview(self._host.caller, wanted)

    async def executions(
        self,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        """Return rows newest first."""
        return await self._host.services.executions(
            self._host.caller, wanted, limit, before=before, after=after, offset=offset
        )

    async def glance(self, wanted: ExecutionFilter, limit: int, *, before: int | None = None) -> Glance:
        """Return the overview and rows of the same moment."""
        return await self._host.services.glance(self._host.caller, wanted, limit, before=before)

    async def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        """Return how many matching rows are newer."""
        return await self._host.services.newer(self._host.caller, wanted, execution_id)

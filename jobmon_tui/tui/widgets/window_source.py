"""Where the rows of a long list come from."""

from collections.abc import Sequence
from typing import Protocol

from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.look import Glance, Overview
from jobmon_tui.services.records import ExecutionFilter


class PageSource(Protocol):
    """Where rows come from. Every method may raise `JobmonError`."""

    async def overview(self, wanted: ExecutionFilter) -> Overview:
        """Return how many rows match, the newest of them, and what else the header shows."""
        ...

    async def executions(
        self,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        """Return rows newest first, as `Services.executions` does."""
        ...

    async def glance(self, wanted: ExecutionFilter, limit: int, *, before: int | None = None) -> Glance:
        """Return the overview, and rows of the same moment; of these fewer where there are very many."""
        ...

    async def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        """Return how many matching rows have a greater id."""
        ...


async def glanced(source: PageSource, wanted: ExecutionFilter, wish: tuple[int, int | None] | None) -> Glance:
    """Return the overview and, where it is known which are wanted, rows. May raise `JobmonError`."""
    if wish is None:
        return Glance(await source.overview(wanted), ())
    return await source.glance(wanted, wish[0], before=wish[1])

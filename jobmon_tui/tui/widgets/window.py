"""The part of a long list that is in memory: pages of rows, read by the nearest known id.

Rows are counted from the oldest end inside (`depth`), because new ones come at the other end: a page's
number then stays right while the list grows. Outside, positions count from the newest, as a table shows them.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.look import Glance, Overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.widgets.window_source import PageSource, glanced

PAGE = 50
KEPT = 24
"""Pages that stay in memory."""
_AT_ONCE = 4
_CHEAP_OFFSET = 4 * PAGE
_LATELY = 20
"""Rows that may have come since the last look, and are read with it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands: the first visible position, the cursor's, and the ids that must stay in place.

    `anchor` is the row that keeps its line on the screen. Ids are None where the row is not known. With
    `keep` the cursor's row stays in view; else the newest end does, where the view is there.
    """

    first: int = 0
    height: int = 0
    cursor: int = 0
    cursor_id: int | None = None
    anchor: int = 0
    anchor_id: int | None = None
    keep: bool = False

    def kept_in_view(self, first: int, cursor: int) -> int:
        """Return the first visible position of a list whose rows went down under a view at its newest end."""
        is_sought = self.keep and self.first == 0 and self.cursor < self.height
        return max(first, cursor - self.height + 1) if is_sought else first


class Window:
    """Rows of one filter at one moment. A change of the list makes a new window out of the old one."""

    def __init__(self, source: PageSource, wanted: ExecutionFilter, overview: Overview) -> None:
        self.wanted = wanted
        self.overview = overview
        self._source = source
        self._pages: OrderedDict[int, list[Execution | None]] = OrderedDict()
        self._stale: set[int] = set()
        self._anchors: list[tuple[int, int]] = []
        self._guesses = 0

    @property
    def total(self) -> int:
        """How many rows match."""
        return self.overview.total

    def row(self, position: int) -> Execution | None:
        """Return the row at a position counted from the newest, None while it is not in memory."""
        depth = self.total - 1 - position
        page = self._pages.get(depth // PAGE)
        if page is None or depth < 0 or depth % PAGE >= len(page):
            return None
        return page[depth % PAGE]

    def position_of(self, execution_id: int) -> int | None:
        """Return the position of a row that is in memory."""
        for number, page in self._pages.items():
            for at, execution in enumerate(page):
                if execution is not None and execution.id == execution_id:
                    return self.total - 1 - (number * PAGE + at)
        return None

    def missing(self, first: int, height: int, *, around: bool = False) -> list[int]:
        """Return the numbers of the pages to read for these positions; with `around`, their neighbours."""
        needed = self._numbers(first, height)
        if around:
            last = (self.total - 1) // PAGE
            beside = [number for number in (needed[0] + 1, needed[-1] - 1) if 0 <= number <= last]
            # What is old there is read again when it comes into view.
            return [number for number in beside if number not in self._pages]
        return [number for number in needed if number not in self._pages or number in self._stale]

    def _numbers(self, first: int, height: int) -> list[int]:
        newest = max(0, self.total - 1 - first)
        oldest = max(0, self.total - first - max(1, height))
        return list(range(newest // PAGE, oldest // PAGE - 1, -1)) if self.total else [0]

    async def fill(self, numbers: Sequence[int]) -> int:
        """Read the first of these pages, and those that follow it directly, at once; return how many."""
        newest = numbers[0]
        run = next((at for at, number in enumerate(numbers) if number != newest - at), len(numbers))
        oldest = newest - min(run, _AT_ONCE) + 1
        low, high = oldest * PAGE, min(self.total, (newest + 1) * PAGE)
        if low >= high:
            return len(numbers)
        rows: list[Execution | None] = [None] * (high - low)
        for depth, execution in await self._read(low, high):
            if low <= depth < high:
                rows[depth - low] = execution
        for number in range(oldest, newest + 1):
            begin = (number - oldest) * PAGE
            self._keep(number, rows[begin : begin + PAGE])
        return newest - oldest + 1

    def _keep(self, number: int, page: list[Execution | None]) -> None:
        self._pages[number] = page
        self._pages.move_to_end(number)
        self._stale.discard(number)
        while len(self._pages) > KEPT:
            self._stale.discard(self._pages.popitem(last=False)[0])

    def take(self, rows: Sequence[Execution], top: int) -> None:
        """Keep the pages that these rows make up whole; the newest of them is at the depth `top`."""
        for number in range(top // PAGE, -1, -1):
            low, high = number * PAGE, min(self.total, (number + 1) * PAGE)
            if top - low >= len(rows):
                break
            if low < high <= top + 1:
                self._keep(number, list(rows[top + 1 - high : top + 1 - low][::-1]))

    def wish(self, first: int, height: int) -> tuple[int, int | None] | None:
        """Return how many rows below which id (or the top) these positions need; None where no id is known.

        Towards the top some more, which may have come since.
        """
        numbers = self._numbers(first, height)
        low, high = numbers[-1] * PAGE, (numbers[0] + 1) * PAGE
        if high >= self.total:
            return self.total - low + _LATELY, None
        newest = self.row(self.total - high)
        return None if newest is None else (high - low, newest.id + 1)

    async def fill_visible(self, first: int, height: int) -> None:
        """Read what these positions lack."""
        numbers = self.missing(first, height) if self.total else []
        while numbers:
            numbers = numbers[await self.fill(numbers) :]

    def touch(self, first: int, height: int) -> None:
        """Keep the pages of these positions longest."""
        for number in self._numbers(first, height):
            if number in self._pages:
                self._pages.move_to_end(number)

    def _keys(self) -> Iterator[tuple[int, int]]:
        """Give each known depth with an id: rows at that depth and below are those up to that id."""
        if self.overview.newest is not None:
            yield self.total - 1, self.overview.newest
        yield -1, max(0, self.overview.floor - 1)
        yield from self._anchors
        for number, page in self._pages.items():
            for at in (0, len(page) - 1):
                execution = page[at]
                if execution is not None:
                    yield number * PAGE + at, execution.id
                    yield number * PAGE + at - 1, execution.id - 1

    async def _read(self, low: int, high: int) -> list[tuple[int, Execution]]:
        """Read depths `low` to `high`, the end excluded, from the known id that is nearest to them."""
        while True:
            above = min(((at, key) for at, key in self._keys() if at >= high - 1), default=None)
            below = max((at, key) for at, key in self._keys() if at < low)
            down = above[0] + 1 - high if above is not None else self.total
            up = low - 1 - below[0]
            inside = next(((at, key) for at, key in self._anchors if low <= at < high - 1), None)
            if min(down, up) <= _CHEAP_OFFSET or inside is not None:
                break
            if above is None or not await self._approach(low, below, above):
                break
        if inside is not None and min(down, up) > _CHEAP_OFFSET:
            at, key = inside
            older = await self._executions(at - low + 1, before=key + 1)
            newer = await self._executions(high - at - 1, after=key)
            return [
                *((at - step, execution) for step, execution in enumerate(older)),
                *((at + len(newer) - step, execution) for step, execution in enumerate(newer)),
            ]
        if above is not None and down <= up:
            found = await self._executions(high - low, before=above[1] + 1, offset=down)
            return [(high - 1 - step, execution) for step, execution in enumerate(found)]
        found = await self._executions(high - low, after=below[1], offset=up)
        return [(low + len(found) - 1 - step, execution) for step, execution in enumerate(found)]

    async def _approach(self, depth: int, below: tuple[int, int], above: tuple[int, int]) -> bool:
        """Learn of one more id nearer to a depth: skipping to it costs a row each. False: there is none.

        Guessed as if the ids between two known ones were spread evenly, which they nearly are; every other
        time in the middle, so that it ends soon wherever they are not.
        """
        (low, low_key), (high, high_key) = below, above
        self._guesses += 1
        if self._guesses % 2:
            guess = low_key + (depth - low) * (high_key - low_key) // (high - low)
        else:
            guess = (low_key + high_key) // 2
        guess = max(low_key + 1, min(guess, high_key - 1))
        if not low_key < guess < high_key:
            return False
        at = self.total - 1 - await self._source.newer(self.wanted, guess)
        self._anchors.append((max(low, min(at, high)), guess))
        return True

    async def _executions(
        self, limit: int, *, before: int | None = None, after: int | None = None, offset: int = 0
    ) -> Sequence[Execution]:
        return await self._source.executions(self.wanted, limit, before=before, after=after, offset=offset)

    async def renewed(self, place: Place, wanted: ExecutionFilter | None = None) -> tuple["Window", int, int]:
        """Return a window of this moment, with the first visible position and the cursor's in it.

        The view stays on its rows, but at the newest end it stays at the end. The cursor keeps its row.
        `wanted` is the filter from now on, where that has moved with time.
        """
        wanted = wanted or self.wanted
        wish = self.wish(place.first, place.height)
        seen = await glanced(self._source, wanted, wish)
        window = Window(self._source, wanted, seen.overview)
        is_top = wish is not None and wish[1] is None
        came = await self._arrived(seen, is_top=is_top) if wanted == self.wanted else None
        if came is not None:
            window._pages = OrderedDict((number, list(page)) for number, page in self._pages.items())
            window._stale = set(window._pages)
            first = 0 if place.first == 0 else place.first + came
            cursor = place.cursor + came if place.cursor_id is not None else place.cursor
            first = place.kept_in_view(first, cursor)
        else:
            first = await window._settle(place)
            cursor = -1
        top = window.total - 1 if is_top else window._depth_of(seen.rows)
        if top is not None:
            window.take(seen.rows, top)
        first = max(0, min(first, window.total - place.height))
        await window.fill_visible(first, place.height)
        if cursor < 0:
            cursor = await window._find(place)
            first = max(0, min(place.kept_in_view(first, cursor), window.total - place.height))
            await window.fill_visible(first, place.height)
        return window, first, max(0, min(cursor, window.total - 1))

    def _depth_of(self, rows: Sequence[Execution]) -> int | None:
        """Return where the first of these rows stands, told by one of them whose place is known."""
        known = {key: depth for depth, key in self._keys()}
        return next((known[row.id] + at for at, row in enumerate(rows) if row.id in known), None)

    async def _arrived(self, seen: Glance, *, is_top: bool) -> int | None:
        """Return how many rows came at the newest end, None where anything else may have changed places."""
        overview, rows = seen.overview, seen.rows
        if self.wanted != ExecutionFilter():
            return None
        if overview.newest == self.overview.newest:
            came = 0
        elif self.overview.newest is None:
            came = overview.total
        elif is_top and rows and rows[-1].id <= self.overview.newest:
            came = sum(row.id > self.overview.newest for row in rows)
        else:
            came = await self._source.newer(self.wanted, self.overview.newest)
        return came if overview.total == self.total + came else None

    async def _settle(self, place: Place) -> int:
        if place.first == 0 or place.anchor_id is None:
            return place.first
        position = await self._source.newer(self.wanted, place.anchor_id)
        self._anchors.append((self.total - 1 - position, place.anchor_id))
        return position - (place.anchor - place.first)

    async def _find(self, place: Place) -> int:
        if place.cursor_id is None:
            return place.cursor
        known = self.position_of(place.cursor_id)
        return known if known is not None else await self._source.newer(self.wanted, place.cursor_id)


async def opened(
    source: PageSource, wanted: ExecutionFilter, height: int, wish: int | None = None
) -> tuple[Window, int, int]:
    """Open a window, at the row with id `wish` if it matches, else at the newest row.

    Returns the window with the first visible position and the cursor's.
    """
    seen = await glanced(source, wanted, (PAGE + height, None) if wish is None else None)
    window = Window(source, wanted, seen.overview)
    window.take(seen.rows, window.total - 1)
    if wish is not None and window.total:
        cursor = await source.newer(wanted, wish)
        first = max(0, min(cursor - height // 2, window.total - height))
        window._anchors.append((window.total - 1 - cursor, wish))  # noqa: SLF001  # its own module
        await window.fill_visible(first, height)
        found = window.row(cursor)
        if found is not None and found.id == wish:
            return window, first, cursor
        window = Window(source, wanted, window.overview)
    await window.fill_visible(0, height)
    return window, 0, 0

"""Who did what: the audit log, newest first."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.tui import rows
from jobmon_tui.tui.audit_story import AuditFace, audit_heading, audit_sections
from jobmon_tui.tui.clipboard import Copied
from jobmon_tui.tui.frame import frame, key_of
from jobmon_tui.tui.screens.list_screen import ListScreen
from jobmon_tui.tui.story import Section
from jobmon_tui.tui.widgets.audit_window import PAGE, AuditWindow
from jobmon_tui.tui.widgets.record_list import Beyond, Held, Reached
from jobmon_tui.tui.working import start

SETTLE = 0.2
"""Seconds of quiet in the search before anything is read."""
STEPS = 10
"""Steps, of 10,000 entries each, that a search makes by itself before it asks whether to go on."""
MOST_FOUND = 5_000
"""Matches that are kept: with more, memory would grow with the log."""


class AuditScreen(ListScreen[AuditEntry]):
    """A window on the log, or what a search has found of it. Follows the database."""

    BINDING_GROUP_TITLE = "Audit"
    SEARCH_BY = "actor, action, outcome, #execution, or actor:ada action:retry since:2h"
    SECTIONS = ("facts", "chain")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "app.pop_screen", "Back", show=False, id="audit")]

    def __init__(self) -> None:
        super().__init__(AuditFace())
        self._window = AuditWindow(0)
        self._filling = False
        self._found: list[AuditEntry] = []
        self._looked_from = 0
        """The newest entry that the search has looked at."""
        self._looked_to: int | None = None
        """The oldest one; None where it has looked at all."""
        self._searching = False

    async def read(self) -> None:
        """Read how long the log is by now; with a search, look through what is new."""
        app = frame(self)
        newest = await app.services.audit(app.caller, 1)
        self._window = self._window.grown(newest[0].id if newest else 0)
        if not self.parts:
            self.list.put(self._window)
        elif not self._searching and self._looked_from < self._window.total:
            await self._look_at_new()

    # The window

    @on(Reached)
    def reached(self) -> None:
        """Read what the view lacks, if nothing reads already."""
        if not self.parts and not self._filling and self._lacking() is not None:
            self._filling = True
            start(self, self._fill, group="pages")

    def _lacking(self) -> int | None:
        return self._window.missing(self.list.first, self.list.rows_in_view)

    async def _fill(self) -> None:
        app = frame(self)
        try:
            while not self.parts and (top := self._lacking()) is not None:
                entries = await app.services.audit(app.caller, PAGE, top + 1)
                self._window.keep(top, entries, self.list.first)
                if not self.parts:
                    self.list.settled()
        except JobmonError as error:
            self._failed(error)
        finally:
            self._filling = False

    def _failed(self, error: JobmonError) -> None:
        if error.code is ErrorCode.STORAGE_UNAVAILABLE:
            self.stale(error.message)
        else:
            frame(self).refused(error)

    # The search

    def narrow(self) -> None:
        """Search anew, or show all again."""
        self._found, self._looked_to = [], None
        self._searching = bool(self.parts)
        self.list.to_top()
        if self.parts:
            self.list.put(Held((), ()))
            self._begin()
        else:
            self.workers.cancel_group(self, "search")
            self.list.put(self._window)

    @work(group="search", exclusive=True)
    async def _begin(self) -> None:
        await asyncio.sleep(SETTLE)
        self._looked_from = self._window.total
        self._looked_to = self._looked_from + 1
        await self._search_on(2 * self.list.rows_in_view)

    async def _search_on(self, wanted: int) -> None:
        """Look further back, step by step, for so many more matches."""
        app = frame(self)
        self._searching = True
        enough = len(self._found) + wanted
        try:
            for _step in range(STEPS):
                if self._looked_to is None or not len(self._found) < min(enough, MOST_FOUND):
                    break
                text = " ".join(self.parts)
                page = await app.services.search_audit(app.caller, text, PAGE, before=self._looked_to)
                self._found += page.entries
                self._looked_to = page.looked_to
                self._show_found()
        except JobmonError as error:
            self._failed(error)
        finally:
            self._searching = False
        self.say()

    @on(Beyond)
    def go_on(self) -> None:
        """Search on where the last match is passed."""
        if self.parts and not self._searching and self._looked_to is not None:
            start(self, partial(self._search_on, PAGE), group="search", exclusive=True)
            self.say()

    async def _look_at_new(self) -> None:
        app = frame(self)
        text, total, after = " ".join(self.parts), self._window.total, self._looked_from
        page = await app.services.search_audit(app.caller, text, PAGE, before=total + 1, after=after)
        if text == " ".join(self.parts) and after == self._looked_from:
            if page.looked_to is not None:
                self.narrow()  # more came than one look takes
                return
            self._looked_from = total
            self._found[:0] = page.entries
            self._show_found()

    def _show_found(self) -> None:
        del self._found[MOST_FOUND:]
        self.list.put(Held(tuple(self._found), [entry.id for entry in self._found]))
        self.say()

    # What is said

    def title_text(self) -> str:
        """Return how many entries there are, or how far the search has come."""
        if not self.parts:
            return f"Audit log, newest first: {rows.number(self._window.total)} entries"
        found = f"Audit log: {rows.number(len(self._found))} found"
        if len(self._found) >= MOST_FOUND:
            return f"{found}, no more are shown: search for more parts"
        if self._looked_to is None and not self._searching:
            return f"{found} in all {rows.number(self._window.total)} entries"
        looked = self._window.total if self._looked_to is None else self._window.total + 1 - self._looked_to
        return f"{found} in the newest {rows.number(looked)} entries"

    def hint(self) -> str:
        """Say how to go on with a search that has stopped."""
        if not self.parts or len(self._found) >= MOST_FOUND:
            return ""
        if self._searching:
            return "Searching …"
        return "" if self._looked_to is None else f"{key_of(self.list, 'last')} searches further back"

    def empty_text(self) -> str:
        """Say that nothing was done yet."""
        return "There are no entries yet."

    def named(self, record: AuditEntry) -> Copied:
        """Return the entry's id."""
        return Copied(str(record.id), f"entry #{record.id}")

    def heading_of(self, record: AuditEntry) -> Content:
        """Return number, action and outcome."""
        return audit_heading(record)

    def sections_of(self, record: AuditEntry) -> Sequence[Section]:
        """Return the whole entry."""
        return audit_sections(record)

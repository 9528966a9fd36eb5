"""The reports: when each fires next, how it went last; queue it now, pause it, see its configuration."""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.report import Report
from jobmon_tui.domain.roles import Verb, require
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.facade import ReportOverview
from jobmon_tui.tui.clipboard import Copied
from jobmon_tui.tui.frame import frame, key_of
from jobmon_tui.tui.report_story import ReportFace, report_heading, report_sections
from jobmon_tui.tui.screens.acting import OUT_OF_VIEW
from jobmon_tui.tui.screens.list_screen import ListScreen
from jobmon_tui.tui.story import Section
from jobmon_tui.tui.widgets.part_search import has_parts
from jobmon_tui.tui.widgets.record_list import Held
from jobmon_tui.tui.working import is_there, start

_VERBS = {
    "queue": Verb.RUN,
    "pause": Verb.EDIT_REPORTS,
    "create": Verb.EDIT_REPORTS,
    "edit": Verb.EDIT_REPORTS,
    "delete": Verb.EDIT_REPORTS,
}


class ReportsScreen(ListScreen[ReportOverview]):
    """Every report by name; follows the database."""

    BINDING_GROUP_TITLE = "Reports"
    SECTIONS = ("facts", "configuration")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "create", "New", tooltip="Add a report"),
        Binding("c", "explain('create')", show=False, system=True),
        Binding("e", "edit", "Edit", tooltip="Edit this report"),
        Binding("e", "explain('edit')", show=False, system=True),
        Binding("D", "delete", "Delete", tooltip="Delete this report, after a question"),
        Binding("D", "explain('delete')", show=False, system=True),
        Binding("n", "queue", "Queue", tooltip="Queue this report now"),
        Binding("n", "explain('queue')", show=False, system=True),
        Binding("p", "pause", "Pause/resume", tooltip="Pause this report's schedule, or go on with it"),
        Binding("p", "explain('pause')", show=False, system=True),
        Binding("s", "app.pop_screen", "Back", show=False, id="reports"),
    ]

    def __init__(self) -> None:
        super().__init__(ReportFace())
        self._overviews: Sequence[ReportOverview] = ()
        self._acting: set[int] = set()
        self._wish: int | None = None
        """The report that the cursor goes to once it is there."""

    async def read(self) -> None:
        """Read every report."""
        app = frame(self)
        self._overviews = await app.services.report_overviews(app.caller)
        if is_there(self):
            self.narrow()

    def narrow(self) -> None:
        """Show the reports whose names match."""
        found = [each for each in self._overviews if has_parts(self.parts, each.report.draft.name)]
        ids = [each.report.id for each in found]
        wish = self._wish if self._wish in ids else None
        self.list.put(Held(found, ids), wish=wish)
        if wish is not None:
            self._wish = None

    def title_text(self) -> str:
        """Return how many there are."""
        paused = sum(each.report.paused for each in self._overviews)
        return f"Reports: {len(self._overviews):,}" + (f", {paused:,} paused" if paused else "")

    def empty_text(self) -> str:
        """Return how to make one."""
        key = key_of(self, "create") if frame(self).actor.may(Verb.EDIT_REPORTS) else ""
        way = f"Press {key} to add one, or:" if key else "An Administrator adds them:"
        return f"There are no reports yet. {way} jobmon reports import"

    def named(self, record: ReportOverview) -> Copied:
        """Return the report's name."""
        return Copied(record.report.draft.name, f"“{one_line(record.report.draft.name)}”")

    def heading_of(self, record: ReportOverview) -> Content:
        """Return name and version."""
        return report_heading(record)

    def sections_of(self, record: ReportOverview) -> Sequence[Section]:
        """Return when it fires, how it went, and its configuration."""
        return report_sections(record)

    # What is done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Give each key to the action where it is permitted, or else to its explanation."""
        actor = frame(self).actor
        if action in _VERBS:
            return actor.may(_VERBS[action]) and (action == "create" or self.list.current is not None)
        if action == "explain":
            return not actor.may(_VERBS[str(parameters[0])])
        return super().check_action(action, parameters)

    def action_explain(self, action: str) -> None:
        """Say why a key does nothing, in the words of the rule."""
        app = frame(self)
        try:
            require(app.actor, _VERBS[action])
        except JobmonError as refusal:
            app.refused(refusal)

    def _seen(self) -> ReportOverview | None:
        """Return the cursor's report; None where it was out of view: what is unseen is not acted on."""
        if self.list.current is not None and not self.list.show_cursor():
            frame(self).warned(OUT_OF_VIEW)
            return None
        return self.list.current

    def _act(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do what was asked for to its end, and say so, though this screen may be left meanwhile."""
        start(self.app, work, group="acting")

    def action_queue(self) -> None:
        """Queue the cursor's report now."""
        overview = self._seen()
        if overview is not None:
            self._act(partial(self._queue, overview))

    async def _queue(self, overview: ReportOverview) -> None:
        app = frame(self)
        name = overview.report.draft.name
        try:
            queued = await app.services.run(app.caller, name)
        except JobmonError as error:
            app.refused(error)
        else:
            app.told(f"“{one_line(name)}” was queued as #{queued.execution.id}.")

    def action_pause(self) -> None:
        """Pause the cursor's report, or go on with it; a second press while one is under way does nothing."""
        overview = self._seen()
        if overview is not None and overview.report.id not in self._acting:
            self._acting.add(overview.report.id)
            self._act(partial(self._pause, overview))

    async def _pause(self, overview: ReportOverview) -> None:
        app = frame(self)
        name, paused = overview.report.draft.name, not overview.report.paused
        try:
            await app.services.pause_report(app.caller, name, paused)
            # Read before the next press can be made, so that it means what is shown.
            await self.read()
        except JobmonError as error:
            app.refused(error)
        else:
            did = "is paused: its schedule fires nothing" if paused else "goes on with its schedule"
            app.told(f"“{one_line(name)}” {did}.")
            if is_there(self):
                self.say()
        finally:
            self._acting.discard(overview.report.id)

    def action_create(self) -> None:
        """Add a report."""
        self._open_form(None)

    def action_edit(self) -> None:
        """Edit the cursor's report."""
        overview = self._seen()
        if overview is not None:
            self._open_form(overview.report)

    def _open_form(self, report: Report | None) -> None:
        from jobmon_tui.tui.screens.report_form import ReportFormScreen

        names = [each.report.draft.name for each in self._overviews]
        taken = [name for name in names if report is None or name != report.draft.name]
        self.app.push_screen(ReportFormScreen(report, taken, self._go_to))

    def _go_to(self, report: Report) -> None:
        self._wish = report.id

    def action_delete(self) -> None:
        """Delete the cursor's report, after a question."""
        overview = self._seen()
        if overview is not None and overview.report.id not in self._acting:
            self._acting.add(overview.report.id)
            self._act(partial(self._delete, overview))

    async def _delete(self, overview: ReportOverview) -> None:
        from jobmon_tui.tui.screens.confirm import ConfirmScreen

        app, name = frame(self), overview.report.draft.name
        question = (
            f"Delete the report “{one_line(name)}”? Its executions stay, but those that failed "
            "can no longer be retried."
        )
        try:
            if not await self.app.push_screen_wait(ConfirmScreen(question, "Delete it")):
                return
            await app.services.delete_report(app.caller, name)
        except JobmonError as error:
            app.refused(error)
        else:
            app.told(f"“{one_line(name)}” was deleted. Its executions stay.")
        finally:
            self._acting.discard(overview.report.id)

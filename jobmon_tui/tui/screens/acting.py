"""The part of the dashboard that changes something: retry, cancel, queue. One call at a time for each row."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Execution, Status, check_cancellable
from jobmon_tui.domain.roles import Verb, require
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui.asking import why_no_retry
from jobmon_tui.tui.held import HeldActions, Needs, waits
from jobmon_tui.tui.host import Host, host_of
from jobmon_tui.tui.widgets.cells import Action
from jobmon_tui.tui.widgets.execution_table import ExecutionTable
from jobmon_tui.tui.widgets.table_messages import ActionRefused, RetryRequested

if TYPE_CHECKING:
    from jobmon_tui.tui.screens.pick_report import PickReportScreen

NO_WORKER = "Queued, but no worker is alive: jobmon worker"
NOT_READ = "The list that you asked for is not read yet."
OUT_OF_VIEW = "That row was out of view; here it is. Press the key again."


class ActingScreen(Screen[None]):
    """Keys that act on the cursor's row. A key that cannot work now is not in the footer, and says why."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", "Retry", tooltip="Retry the Failed execution under the cursor"),
        Binding("r", "explain('retry')", show=False, system=True),
        Binding("x", "cancel", "Cancel", tooltip="Cancel the Queued or Running execution under the cursor"),
        Binding("x", "explain('cancel')", show=False, system=True),
        Binding("n", "queue_report", "Queue", tooltip="Queue a report now"),
        Binding("n", "explain('queue_report')", show=False, system=True),
    ]

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As Textual has it, but for painting the whole screen anew, 18 kB, each time that the focus goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._in_flight: set[int] = set()
        self.ready = False
        """True from when the table is there until it is taken down."""
        self.in_sight = asyncio.Event()
        """Set while no other screen covers this one."""

    @property
    def host(self) -> Host:
        """The application."""
        return host_of(self.app)

    @property
    def table(self) -> ExecutionTable:
        """The table."""
        return self.query_one(ExecutionTable)

    @property
    def current_id(self) -> int | None:
        """The id of the cursor's row."""
        return self.table.current.id if self.table.current else None

    def on_screen_suspend(self) -> None:
        """Rest while another screen covers this one."""
        self.in_sight.clear()

    def on_screen_resume(self) -> None:
        """Catch up."""
        self.in_sight.set()

    def on_unmount(self) -> None:
        """Touch the table no more: what is under way ends without it."""
        self.ready = False

    @property
    def held(self) -> HeldActions:
        """The keys that wait for the table's rows."""
        return self.table.held

    # Which keys work now

    def works(self, action: str) -> bool:
        """Tell whether one of this part's actions can be done to the cursor's row."""
        row, actor = self.table.current, self.host.actor
        if action == "go_to_retry":
            return row is not None and row.retried_by is not None
        if action == "retry":
            return self.table.action_of(row) is Action.RETRY
        if action == "cancel":
            return row is not None and not row.status.is_final and actor.may(Verb.CANCEL)
        return actor.may(Verb.RUN)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Give each key to the action, or else to its explanation."""
        if not self.ready:
            return False
        if action in {"retry", "cancel", "queue_report", "go_to_retry"}:
            return self.works(action)
        if action == "explain":
            return not self.works(str(parameters[0]))
        return super().check_action(action, parameters)

    @waits(Needs.ROW)
    def action_explain(self, action: str) -> None:
        """Say why a key does nothing, in the words of the rule; by now it may do what it is for."""
        if self.works(action):
            getattr(self, f"action_{action}")()
        else:
            self._explain(action)

    def _explain(self, action: str) -> None:
        row, host = self.table.current, self.host
        try:
            if action == "queue_report":
                require(host.actor, Verb.RUN)
            elif action == "cancel":
                require(host.actor, Verb.CANCEL)
                if row is not None:
                    check_cancellable(row)
            elif action == "go_to_retry":
                host.warned(f"#{row.id} was not retried." if row is not None else "There is no row.")
            elif row is not None and row.id not in self._in_flight:
                self._explain_retry(row)
        except JobmonError as refusal:
            host.refused(refusal)

    def _explain_retry(self, row: Execution) -> None:
        refusal = why_no_retry(self.host.actor, row)
        if refusal is not None:
            self.host.refused(refusal)

    @on(ActionRefused)
    def explain_retry(self, message: ActionRefused) -> None:
        """Say why a row has no Retry action."""
        self._explain_retry(message.execution)

    def is_shown(self) -> bool:
        """Tell whether the table shows the list that was asked for."""
        return True

    def _seen(self) -> bool:
        if not self.is_shown():
            self.host.warned(NOT_READ)
            return False
        seen = self.table.show_cursor()
        if not seen:
            self.host.warned(OUT_OF_VIEW)
        return seen

    # Retry

    @waits(Needs.ROW)
    def action_retry(self) -> None:
        """Retry the cursor's row."""
        if not self.works("retry"):
            self._explain("retry")
        elif self._seen():
            self.table.request_retry()

    @on(RetryRequested)
    def start_retry(self, message: RetryRequested) -> None:
        """Retry; a second press while the first is under way does nothing."""
        execution_id = message.execution_id
        if execution_id in self._in_flight:
            return
        self._mark(execution_id, busy=True)
        # Never exclusive: a second press would cancel the first one before its commit.
        self.run_worker(self._retry(execution_id), group="acting")

    async def _retry(self, execution_id: int) -> None:
        host = self.host
        try:
            receipt = await host.services.retry(host.caller, execution_id)
        except JobmonError as error:
            host.refused(error)
        else:
            host.told(receipt.message)
            self._warn_if_nobody_works()
        finally:
            self._mark(execution_id, busy=False)

    def _warn_if_nobody_works(self) -> None:
        overview = self.table.overview
        if overview is not None and not overview.workers:
            self.host.warned(NO_WORKER)

    def _mark(self, execution_id: int, *, busy: bool) -> None:
        if busy:
            self._in_flight.add(execution_id)
        else:
            self._in_flight.discard(execution_id)
        if self.ready:
            self.table.set_busy(frozenset(self._in_flight))

    # Cancel

    @waits(Needs.ROW)
    def action_cancel(self) -> None:
        """Cancel the cursor's row; a Running one only after a question."""
        row = self.table.current
        if not self.works("cancel"):
            self._explain("cancel")
            return
        if row is None or row.id in self._in_flight or not self._seen():
            return
        self._mark(row.id, busy=True)
        self.run_worker(self._cancel(row), group="acting")

    async def _cancel(self, row: Execution) -> None:
        from jobmon_tui.tui.screens.confirm import ConfirmScreen

        host = self.host
        try:
            if row.status is Status.RUNNING:
                question = f"#{row.id} “{one_line(row.report)}” is running. Stop it?"
                if not await self.app.push_screen_wait(ConfirmScreen(question, f"Stop #{row.id}")):
                    return
            host.told(await host.services.cancel(host.caller, row.id))
        except JobmonError as error:
            host.refused(error)
        finally:
            self._mark(row.id, busy=False)

    # Queue a report

    def action_queue_report(self) -> None:
        """Pick a report, and queue it now. The question is there before the names are: who types is heard."""
        from jobmon_tui.tui.screens.pick_report import PickReportScreen

        picking = PickReportScreen()
        self.app.push_screen(picking, self._picked)
        self.run_worker(self._read_names(picking), group="acting")

    async def _read_names(self, picking: "PickReportScreen") -> None:
        host = self.host
        try:
            picking.know([report.draft.name for report in await host.services.reports(host.caller)])
        except JobmonError as error:
            host.refused(error)
            if picking.is_current:
                picking.dismiss(None)

    def _picked(self, name: str | None) -> None:
        if name is not None:
            self.run_worker(self._queue_report(name), group="acting")

    async def _queue_report(self, name: str) -> None:
        host = self.host
        try:
            queued = await host.services.run(host.caller, name)
        except JobmonError as error:
            host.refused(error)
            return
        host.told(f"“{one_line(name)}” was queued as #{queued.execution.id}.")
        self._warn_if_nobody_works()

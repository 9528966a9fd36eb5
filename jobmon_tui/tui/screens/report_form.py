"""Adding and editing a report: every field says what is wrong with it while it is typed."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button, Input, Static, TextArea

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.problems import Problem, problems_of
from jobmon_tui.services.reports import changed_keys
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.report_texts import FIELDS, draft_of, firings_text, row_of, shown_for, texts_of
from jobmon_tui.tui.screens.confirm import ConfirmScreen
from jobmon_tui.tui.toasts import marked_wrong
from jobmon_tui.tui.widgets.choice import Choice
from jobmon_tui.tui.widgets.form import FormScreen
from jobmon_tui.tui.widgets.form_rows import FormRows
from jobmon_tui.tui.widgets.key_bar import KeyBar
from jobmon_tui.tui.working import start

SETTLE = 0.15
"""Seconds of quiet before what was typed is checked."""


class ReportFormScreen(FormScreen):
    """The form of one report. What was typed stays, whatever the database says, until it is saved or left."""

    BINDING_GROUP_TITLE = "Report form"
    DEFAULT_CSS = """
    ReportFormScreen { layout: vertical; }
    ReportFormScreen #report-line { padding: 0 1; height: auto; min-height: 1; color: $text-muted; }
    ReportFormScreen #report-line.-wrong { color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "save", "Save", priority=True),
        Binding("escape", "leave", "Leave", tooltip="Leave; asks where something was changed"),
    ]

    def __init__(
        self,
        report: Report | None,
        taken: Sequence[str] = (),
        saved: Callable[[Report], None] = lambda _report: None,
    ) -> None:
        """`report` is the one to edit, None to add one; `taken` are the names of the others."""
        super().__init__()
        self._report = report
        self._taken = frozenset(taken)
        self._saved = saved
        self._rows = FormRows(FIELDS, id="rows")
        self._line = Static("", markup=False, id="report-line")
        self._title_line = Static("", markup=False, classes="screen-title")
        self._due = asyncio.Event()
        self._saving = False
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out the fields one below the other."""
        yield self._title_line
        yield self._rows
        yield self._line
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill in what is known, and start with the name."""
        opened, texts = frame(self).kept_forms.pop(self._kept_as, (self._report, None))
        self._fill(opened)
        if texts is not None:
            self._rows.texts = texts
            self._say("What you had typed is here again.")
        self._rows.enter("name")
        self._changed()
        start(self, self._keep_checking, group="check")

    def on_unmount(self) -> None:
        """Keep what was typed where something else took the form away, such as the end of a session."""
        if not self._left and self.is_changed:
            frame(self).kept_forms[self._kept_as] = (self._report, self._rows.texts)

    @property
    def _kept_as(self) -> int | None:
        return self._report.id if self._report is not None else None

    def _fill(self, report: Report | None) -> None:
        self._report = report
        self._rows.texts = texts_of(self._base)
        self._rows.touch(everything=report is not None)
        title = "A new report"
        if report is not None:
            title = f"{one_line(report.draft.name)}: version {report.version}"
        self._title_line.update(Content(title))

    # What the fields say

    @property
    def _base(self) -> ReportDraft | None:
        return self._report.draft if self._report is not None else None

    @property
    def is_changed(self) -> bool:
        """True where there is something to save."""
        return self._rows.texts != texts_of(self._base)

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Choice.Changed)
    def changed(self) -> None:
        """Check what was typed, once it rests."""
        self._changed()

    def _changed(self) -> None:
        runner = self._rows.texts["runner"]
        self._rows.show_only(lambda field: shown_for(field, runner))
        self._rows.touch_changed(texts_of(self._base))
        self._due.set()

    async def _keep_checking(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            await asyncio.sleep(SETTLE)
            if not self._due.is_set():
                await self._check()

    async def _check(self) -> None:
        app = frame(self)
        draft, unread = draft_of(self._rows.texts, self._base)
        try:
            found = await app.services.check_report(app.caller, draft)
        except JobmonError:
            return  # far from its services: saving says it
        self._show([*self._of_name(draft), *unread, *found.problems])
        self._rows.tell("schedule", firings_text(found.firings, draft.timezone))

    def _of_name(self, draft: ReportDraft) -> Sequence[Problem]:
        if one_line(draft.name) in self._taken:
            return [Problem("name", "there is already a report with this name")]
        return ()

    def _show(self, problems: Sequence[Problem]) -> None:
        """Put each problem under its field, else on the form's line."""
        by_row: dict[str, list[str]] = {}
        others = []
        for problem in problems:
            key = row_of(problem.key, self._rows.shown)
            if key is None:
                others.append(str(problem) if problem.key else problem.reason)
            else:
                by_row.setdefault(key, []).append(problem.reason)
        self._rows.complain(by_row)
        if others:
            self._say("; ".join(others), wrong=True)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self._line.update(Content(marked_wrong(text) if wrong else clean(text)))
        self._line.set_class(wrong, "-wrong")

    # Moving

    def action_next_field(self) -> None:
        """Go to the next field; in several lines, and at the end, Enter is left to what has the focus."""
        if not self._rows.go_on():
            raise SkipAction

    # Saving

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def submitted(self) -> None:
        """Save."""
        self.action_save()

    def action_save(self) -> None:
        """Save, unless it is being saved already."""
        if not self._saving:
            self._saving = True
            self._say("Saving …")
            self._rows.touch(everything=True)
            version = self._report.version if self._report is not None else None
            start(self, partial(self._save, version), group="save")

    async def _save(self, version: int | None) -> None:
        app = frame(self)
        draft, unread = draft_of(self._rows.texts, self._base)
        try:
            if unread:
                self._refused(unread)
            elif self._report is None:
                added = await app.services.add_report(app.caller, draft)
                self._done(added, f"“{one_line(added.draft.name)}” was added.")
            else:
                name = self._report.draft.name
                edited = await app.services.edit_report(app.caller, name, draft, version=version)
                same = edited.version == self._report.version
                said = (
                    "says that already: nothing was changed" if same else f"is version {edited.version} now"
                )
                self._done(edited, f"“{one_line(edited.draft.name)}” {said}.")
        except JobmonError as error:
            await self._not_saved(error)
        finally:
            self._saving = False

    def _done(self, report: Report, said: str) -> None:
        self._left = True
        frame(self).told(said)
        self._saved(report)
        self.dismiss()

    def _refused(self, problems: Sequence[Problem]) -> None:
        self._say("Nothing was saved yet.", wrong=True)
        self._show(problems)
        self._rows.enter_wrong()

    async def _not_saved(self, error: JobmonError) -> None:
        app = frame(self)
        match error.code:
            case ErrorCode.INVALID_INPUT:
                self._refused(problems_of(error))
            case ErrorCode.ALREADY_EXISTS:
                self._refused([Problem("name", error.message)])
            case ErrorCode.CHANGED_MEANWHILE if self._report is not None:
                self._say(error.message, wrong=True)
                start(self, partial(self._ask, self._report), group="ask")
            case ErrorCode.REPORT_NOT_FOUND:
                # Typed for nothing otherwise: what was an edit becomes a new report.
                texts = self._rows.texts
                self._fill(None)
                self._rows.texts = texts
                self._say(
                    f"{error.message} It was deleted or renamed meanwhile; saving adds it anew.", wrong=True
                )
            case ErrorCode.NOT_SIGNED_IN:
                app.refused(error)
            case _:
                self._say(error.message, wrong=True)

    async def _ask(self, opened: Report) -> None:
        """Ask what to do where somebody else has edited the report too."""
        from jobmon_tui.tui.screens.changed import ChangedScreen

        app = frame(self)
        try:
            theirs = await app.services.report(app.caller, opened.draft.name)
        except JobmonError as error:
            await self._not_saved(error)
            return
        keys = ", ".join(changed_keys(opened.draft, theirs.draft)) or "nothing that is left"
        said = (
            f"Somebody else changed this report while you edited it (version {theirs.version} now): {keys}."
        )
        answer = await app.push_screen_wait(ChangedScreen(said))
        if answer == "save" and not self._saving:
            self._saving = True
            await self._save(theirs.version)
        elif answer == "reload":
            self._fill(theirs)
            self._say(f"This is version {theirs.version}.")

    # Leaving

    def action_leave(self) -> None:
        """Leave, after a question where something would be lost."""
        if not self._saving:
            start(self, self._leave, group="ask")

    async def _leave(self) -> None:
        question = "Leave the form? What was changed is not saved."
        if not self.is_changed or await self.app.push_screen_wait(ConfirmScreen(question, "Leave")):
            self._left = True
            self.dismiss()

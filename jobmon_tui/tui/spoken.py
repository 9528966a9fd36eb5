"""What has the focus, in words: for whoever is read to, where no program can read the screen itself.

Whatever comes from data was cleaned before it came to the screen; `one_line` cleans it here once more.
"""

import re

from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Static, TextArea

from jobmon_tui.domain.text import one_line
from jobmon_tui.tui import rows, times
from jobmon_tui.tui.widgets.cells import CURSOR_MARK
from jobmon_tui.tui.widgets.choice import Choice
from jobmon_tui.tui.widgets.execution_table import ExecutionTable
from jobmon_tui.tui.widgets.form import Field
from jobmon_tui.tui.widgets.form_rows import FormRow
from jobmon_tui.tui.widgets.line_view import LineView
from jobmon_tui.tui.widgets.selected_rows import SelectedRows

_FIGURES = re.compile(r"[\d.:]+")
LONGEST = 600
"""Characters of one announcement."""


def opening(screen: Screen[object]) -> str:
    """Return what a screen is, and what it asks."""
    waiting = [_plain(each) for each in screen.query("#waiting-line").results(Static)]
    if waiting:
        return _said(*waiting)
    asked = [_plain(each) for each in screen.query(".dialog-text").results(Static)]
    return _said(str(screen.BINDING_GROUP_TITLE or ""), *asked)


def focus_words(screen: Screen[object]) -> str:
    """Return what is wrong on the screen, and what has the focus, with what stands at its cursor."""
    wrong = [_plain(each) for each in screen.query("#form-line, #waiting-reason").results(Static)]
    focused = screen.focused
    return _said(*wrong, *(_named(focused) if focused is not None else ()))


def place(screen: Screen[object], words: str) -> object:
    """Return what has to differ for words to be said again: not a time that goes on at the same place."""
    focused = screen.focused
    at: object = None
    if isinstance(focused, ExecutionTable):
        at = focused.current.id if focused.current is not None else None
    elif isinstance(focused, LineView):
        at = focused.cursor
    return screen, focused, at, _FIGURES.sub("0", words)


def _named(widget: Widget) -> tuple[str, ...]:
    match widget:
        case ExecutionTable():
            return (_row(widget),)
        case LineView():
            return (_line(widget),)
        case SelectedRows():
            return tuple(text for text, _ in widget.rows_said[:1])
        case Button():
            return (_label(widget), "button")
        case OptionList():
            return (_highlighted(widget),)
        case Choice() | Input() | TextArea():
            return _field(widget)
        case _:
            return (str(widget.BINDING_GROUP_TITLE or ""),)


def _row(table: ExecutionTable) -> str:
    """Return the name of the action that has the focus; else the row, as a line that stands by itself."""
    execution = table.current
    if execution is None:
        return "no row"
    if table.on_action:
        return rows.accessible_name(execution)
    now = times.now()
    took = rows.time_taken(execution, now)
    told = [execution.status.value, times.short(execution.queued_at, now, len("00-00 00:00")), took]
    told.append(rows.brief(execution, with_attempt=True))
    return f"#{execution.id} {one_line(execution.report)}: {', '.join(each.strip() for each in told if each)}"


def _line(view: LineView) -> str:
    """Return the cursor's line as it is painted, where it is in view."""
    if not view.total or not view.cursor_in_view:
        return "no row"
    line = view.line(1 + view.cursor - view.first)
    return "".join(cell.text for cell in line).removeprefix(CURSOR_MARK)


def _field(widget: Choice | Input | TextArea) -> tuple[str, ...]:
    """Return a field's label, kind, and what is wrong with it; what is typed into it the reader knows."""
    around = next((each for each in widget.ancestors if isinstance(each, Field | FormRow)), None)
    if around is None:
        hint = widget.placeholder if isinstance(widget, Input) else ""
        choices = widget.screen.query("#choices").results(OptionList)
        return (hint or "field", *map(_highlighted, choices))
    label = [_plain(each) for each in around.query(".field-label, .row-label").results(Static)]
    wrong = [_plain(each) for each in around.query(".field-note.-wrong, .row-note.-wrong").results(Static)]
    if isinstance(widget, Choice):
        return (*label, widget.value, *wrong)
    secret = isinstance(widget, Input) and widget.password
    return (*label, "password field" if secret else "field", *wrong)


def _highlighted(options: OptionList) -> str:
    option = options.highlighted_option
    if option is None:
        return ""
    return option.prompt.plain if isinstance(option.prompt, Content) else str(option.prompt)


def _label(button: Button) -> str:
    return button.label.plain if isinstance(button.label, Content) else str(button.label)


def _plain(static: Static) -> str:
    return static.content.plain if isinstance(static.content, Content) else str(static.content)


def _said(*parts: str) -> str:
    return one_line(". ".join(said for each in parts if (said := one_line(each, LONGEST))), LONGEST)

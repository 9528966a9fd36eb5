"""The rows of a long form: a label, what is typed or chosen, and a line for what is wrong or to be known."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static, TextArea

from jobmon_tui.domain.text import clean
from jobmon_tui.tui.report_texts import FieldKind
from jobmon_tui.tui.toasts import marked_wrong
from jobmon_tui.tui.widgets.choice import Choice
from jobmon_tui.tui.widgets.form import PushButton, StillInput

LABEL = 14


class PlainArea(TextArea):
    """Several lines. No blinking, no highlighting of lines or brackets: each costs bytes on the line."""

    DEFAULT_CSS = """
    PlainArea, PlainArea:focus {
        height: auto; min-height: 2; max-height: 8; border: none; padding: 0 1 0 0;
        border-left: outer $border-blurred;
        background: $panel; background-tint: transparent; color: $text; scrollbar-size-vertical: 1;
    }
    PlainArea:focus { border-left: outer $border; }
    PlainArea > .text-area--cursor { text-style: $input-cursor-text-style; }
    PlainArea > .text-area--selection { text-style: $block-cursor-text-style; }
    PlainArea .text-area--cursor-line { background: $panel; }
    PlainArea .text-area--placeholder { color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__(highlight_cursor_line=False, show_line_numbers=False, tab_behavior="focus")
        self.cursor_blink = False
        self.match_cursor_bracket = False

    @property
    def value(self) -> str:
        """What was typed."""
        return self.text

    @value.setter
    def value(self, text: str) -> None:
        if text != self.text:
            self.load_text(text)


class FormRow(Vertical):
    """One field, `field.key` its key."""

    DEFAULT_CSS = f"""
    FormRow {{ height: auto; }}
    FormRow > Horizontal {{ height: auto; }}
    FormRow .row-label {{ width: {LABEL}; color: $text-muted; }}
    FormRow:focus-within .row-label {{ color: $text; text-style: bold; }}
    FormRow > .row-note {{ height: auto; padding-left: {LABEL + 1}; color: $text-muted; display: none; }}
    FormRow > .row-note.-said {{ display: block; }}
    FormRow > .row-note.-wrong {{ color: $text-error; text-style: bold; }}
    """

    def __init__(self, field: FieldKind) -> None:
        super().__init__()
        self.field = field
        self.touched = False
        """True once somebody has been here: an empty form is not full of complaints."""
        self._told = ""
        self._complaint = ""
        self._note = Static("", markup=False, classes="row-note")
        self.control: StillInput | PlainArea | Choice
        if field.choices:
            self.control = Choice(field.choices)
        elif field.many_lines:
            self.control = PlainArea()
        else:
            self.control = StillInput(select_on_focus=False, placeholder=field.hint)

    def compose(self) -> ComposeResult:
        """Lay out label, control and note."""
        with Horizontal():
            yield Static(self.field.label, markup=False, classes="row-label")
            yield self.control
        yield self._note

    @property
    def value(self) -> str:
        """What was typed or chosen."""
        return self.control.value

    @value.setter
    def value(self, text: str) -> None:
        self.control.value = text

    @property
    def has_cursor(self) -> bool:
        """Tell whether what is typed now goes here."""
        return self.screen.focused is self.control

    @property
    def is_wrong(self) -> bool:
        """True while it complains."""
        return bool(self._complaint)

    def enter(self) -> None:
        """Take the focus, at once: `focus()` would let keys that are already on their way go elsewhere."""
        self.screen.set_focus(self.control)
        self.scroll_visible(animate=False)

    def on_descendant_focus(self) -> None:
        """Say what several lines are for, which have no placeholder's room."""
        self._show()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """Complain from now on."""
        self.touched = True
        self._show()

    def tell(self, told: str) -> None:
        """Say what is to be known of what was typed; nothing where that is empty."""
        self._told = told
        self._show()

    def complain(self, complaint: str) -> None:
        """Say what is wrong; nothing where that is empty."""
        self._complaint = complaint
        self._show()

    def _show(self) -> None:
        wrong = self._complaint if self.touched else ""
        hint = self.field.hint if self.field.many_lines and self.has_cursor else ""
        said = wrong or self._told or hint
        self._note.set_class(bool(said), "-said")
        self._note.set_class(bool(wrong), "-wrong")
        content = Content(marked_wrong(wrong) if wrong else clean(said))
        if self._note.content != content:
            self._note.update(content)


class FormRows(VerticalScroll, can_focus=False):
    """The fields one below the other, and the button that saves."""

    DEFAULT_CSS = """
    FormRows { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    FormRows > #save { margin-top: 1; }
    """

    def __init__(self, fields: Sequence[FieldKind], *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._rows = {field.key: FormRow(field) for field in fields}

    def compose(self) -> ComposeResult:
        """Lay out the rows."""
        yield from self._rows.values()
        yield PushButton("Save", variant="primary", id="save")

    def __getitem__(self, key: str) -> FormRow:
        return self._rows[key]

    @property
    def texts(self) -> dict[str, str]:
        """What each field says, those of other runners too."""
        return {key: row.value for key, row in self._rows.items()}

    @texts.setter
    def texts(self, texts: Mapping[str, str]) -> None:
        for key, row in self._rows.items():
            row.value = texts[key]

    @property
    def shown(self) -> Sequence[str]:
        """The keys of the fields that are shown."""
        return [key for key, row in self._rows.items() if row.display]

    def show_only(self, wanted: Callable[[FieldKind], bool]) -> None:
        """Hide the other fields."""
        for row in self._rows.values():
            row.display = wanted(row.field)

    def touch(self, *, everything: bool) -> None:
        """Let every field complain, or none until somebody has been there."""
        for row in self._rows.values():
            row.touched = everything

    def touch_changed(self, before: Mapping[str, str]) -> None:
        """Let those complain that say something else than before."""
        for key, row in self._rows.items():
            row.touched |= row.value != before[key]

    def complain(self, reasons: Mapping[str, Sequence[str]]) -> None:
        """Say what is wrong with each field, and take back what was wrong before."""
        for key, row in self._rows.items():
            row.complain("; ".join(dict.fromkeys(reasons.get(key, ()))))

    def tell(self, key: str, told: str) -> None:
        """Say what is to be known of a field."""
        self._rows[key].tell(told)

    def enter(self, key: str) -> None:
        """Give a field the focus."""
        self._rows[key].enter()

    def enter_wrong(self) -> None:
        """Give the first field that complains the focus."""
        wrong = next((row for row in self._rows.values() if row.display and row.is_wrong), None)
        if wrong is not None:
            wrong.enter()

    def go_on(self) -> bool:
        """Go to the next field; False in one of several lines, and at the end."""
        for row, following in pairwise(row for row in self._rows.values() if row.display):
            if row.has_cursor and not row.field.many_lines:
                following.enter()
                return True
        return False

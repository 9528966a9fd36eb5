"""The search at the bottom of the dashboard."""

from collections.abc import Sequence
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message

from jobmon_tui.domain.search import parse
from jobmon_tui.domain.search_completion import Completion, Known, completions
from jobmon_tui.domain.text import clean
from jobmon_tui.tui.widgets.form import StillInput


class SearchInput(StillInput):
    """The list is narrowed while it is typed. Tab completes, Enter keeps what was found, Esc shows all."""

    DEFAULT_CSS = """
    SearchInput, SearchInput:focus {
        border: none;
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $text;
    }
    SearchInput > .search--unknown { color: $text-error; text-style: bold underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"search--unknown"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete"),
        Binding("escape", "give_up", "Show all", key_display="Esc"),
        Binding("enter,down", "keep", "Keep", key_display="Enter"),
    ]

    class Closed(Message):
        """The search is done with."""

    class Offered(Message):
        """Other completions than before are offered, or the text has moved."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="A part of the report's name, or status: report: error: since: by:",
            id="search",
            highlighter=_Marks(self),
            select_on_focus=False,
        )
        self._known = Known()
        self._offers: Sequence[Completion] = ()
        self._round: Sequence[Completion] = ()

    @property
    def offers(self) -> Sequence[Completion]:
        """What Tab makes of the text, the next one first."""
        return self._offers

    def know(self, known: Known) -> None:
        """Complete these names too."""
        self._known = known
        self._offer()

    def validate_value(self, value: str) -> str:
        """Take no character that steers a terminal: whatever was pasted stays as long as it was."""
        return clean(value).replace("\n", " ").replace("\t", " ")

    def watch_value(self) -> None:
        """Offer completions in the same paint as the letter."""
        self._offer()

    def _offer(self) -> None:
        texts = [each.text for each in self._round]
        rest = ""
        if self.value in texts and len(texts) > 1 and not self.value.endswith(":"):
            at = texts.index(self.value)  # one of several: Tab goes on to the next
            self._offers = [*self._round[at + 1 :], *self._round[:at]]
        else:
            self._offers = self._round = completions(self.value, self._known)
            rest = self._offers[0].rest if self._offers else ""
        self._suggestion = f"{self.value}{rest}" if rest else ""
        self.post_message(self.Offered())

    def action_complete(self) -> None:
        """Complete the last word; again: the next that it may become."""
        if self._offers:
            self.value = self._offers[0].text
            self.cursor_position = len(self.value)

    def action_cursor_right(self, select: bool = False) -> None:
        """Move the cursor; at the end, complete what is shown."""
        if self.cursor_at_end and self._suggestion and not select:
            self.action_complete()
        else:
            super().action_cursor_right(select)

    def action_keep(self) -> None:
        """Go back to the table with what was found."""
        self.post_message(self.Closed())

    def action_give_up(self) -> None:
        """Clear the search and go back."""
        self.value = ""
        self.post_message(self.Closed())


class _Marks(Highlighter):
    """Marks what is not understood."""

    def __init__(self, search: SearchInput) -> None:
        self._search = search

    def highlight(self, text: Text) -> None:
        style = self._search.get_component_rich_style("search--unknown", partial=True)
        for problem in parse(text.plain).problems:
            text.stylize(style, problem.start, problem.end)

"""What is known of one thing, as one scroll with headings."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from jobmon_tui.tui.story import Section
from jobmon_tui.tui.widgets.pager import Pager


class SectionsPanel(Pager):
    """Shows sections under a heading line. Left and Right go from heading to heading.

    What says the same as before is not painted again, and the place is kept.
    """

    ALLOW_MAXIMIZE = True
    BINDING_GROUP_TITLE = "Details"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "section(1)", "Next heading", show=False),
        Binding("left,h", "section(-1)", "Heading before", show=False),
        Binding("enter", "full_screen", "Full screen, and back", show=False),
    ]
    DEFAULT_CSS = """
    SectionsPanel {
        background: $surface; color: $text; padding: 0 1 0 0; scrollbar-size-vertical: 1;
        border-left: blank $surface;
    }
    SectionsPanel:focus { border-left: outer $border; }
    SectionsPanel.-maximized { width: 100%; height: 1fr; max-height: 100%; }
    SectionsPanel > Static { height: auto; }
    SectionsPanel > .details-title { color: $text-accent; text-style: bold underline; margin-top: 1; }
    SectionsPanel > #details-heading { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, keys: Sequence[str], *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        """`keys` are those of all sections that may come, in their order."""
        super().__init__(id=id, classes=classes)
        self._keys = keys
        self._shown: dict[str, Section] = {}
        self._top = Content("")
        self._heading = Static("", id="details-heading", markup=False)
        self._titles = {key: Static("", classes="details-title", markup=False) for key in keys}
        self._bodies = {key: Static("", markup=False) for key in keys}

    def compose(self) -> ComposeResult:
        """Lay out all sections; those that say nothing are hidden."""
        yield self._heading
        for key in self._keys:
            yield self._titles[key]
            yield self._bodies[key]

    def paint(self, top: Content, wanted: Sequence[Section]) -> None:
        """Show these sections under the heading line `top`."""
        if top != self._top:
            self._top = top
            self._heading.update(top)
        by_key = {section.key: section for section in wanted}
        for key in self._keys:
            section, shown = by_key.get(key), self._shown.get(key)
            title, body = self._titles[key], self._bodies[key]
            title.display = body.display = section is not None
            if section is not None and section != shown:
                title.update(Content(section.title))
                body.update(section.body)
        self._shown = by_key

    def action_full_screen(self) -> None:
        """Fill the screen, or give it back; Esc gives it back too."""
        if self.is_maximized:
            self.screen.minimize()
        else:
            self.screen.maximize(self)

    def action_section(self, direction: int) -> None:
        """Scroll to the next heading, or to the one before."""
        tops = [title.virtual_region.y for title in self._titles.values() if title.display]
        here = round(self.scroll_target_y)
        beyond = [top for top in tops if top > here] if direction > 0 else [top for top in tops if top < here]
        if beyond:
            self.scroll_to(y=min(beyond) if direction > 0 else max(beyond), animate=False)
        elif direction < 0:
            self.scroll_home(animate=False)

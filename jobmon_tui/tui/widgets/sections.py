"""What is known of one thing, as one scroll with headings, in which words can be found."""

import re
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.widgets import Input, Static

from jobmon_tui.domain.text import one_line
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.story import Section
from jobmon_tui.tui.widgets.find_input import FindInput
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
        Binding("slash", "find", "Find in the details", show=False, key_display="/", id="find"),
        Binding("n", "again(1)", "Next match", show=False, id="next_match"),
        Binding("N", "again(-1)", "Match before", show=False, id="match_before"),
        Binding("escape", "end_find", "Done with finding", show=False, id="back"),
    ]
    DEFAULT_CSS = """
    SectionsPanel {
        background: $surface; color: $text; padding: 0 1 0 0; scrollbar-size-vertical: 1;
        border-left: blank $surface;
    }
    SectionsPanel:focus { border-left: outer $border; }
    SectionsPanel.-maximized { width: 100%; height: 1fr; max-height: 100%; }
    SectionsPanel > Static { height: auto; }
    SectionsPanel > FindInput { dock: bottom; }
    SectionsPanel.-finding > FindInput { display: block; }
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
        self._wanted: re.Pattern[str] | None = None
        """What is looked for, in capitals or not."""
        self._match_at = 0
        self._titles = {key: Static("", classes="details-title", markup=False) for key in keys}
        self._bodies = {key: Static("", markup=False) for key in keys}

    def compose(self) -> ComposeResult:
        """Lay out all sections; those that say nothing are hidden."""
        yield FindInput()
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
                body.update(self._marked(section.body))
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

    # Finding

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of a search to others while nothing is looked for."""
        if action in {"again", "end_find"}:
            return self._wanted is not None
        return super().check_action(action, parameters)

    def action_find(self) -> None:
        """Ask what to look for."""
        self.add_class("-finding")
        self.screen.set_focus(self.query_one(FindInput))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep what is typed here from the search of the screen."""
        event.stop()

    @on(FindInput.Entered)
    def find(self, event: FindInput.Entered) -> None:
        """Look for it from the top of what is seen on, and give the keys back to the text."""
        self.remove_class("-finding")
        self.screen.set_focus(self)
        if event.wanted is not None:
            self._look_for(event.wanted.strip())
            if self._wanted is not None:
                self.call_after_refresh(self._go, 1, self.scroll_offset.y)

    def _look_for(self, wanted: str) -> None:
        self._wanted = re.compile(re.escape(wanted), re.IGNORECASE) if wanted else None
        for key, section in self._shown.items():
            self._bodies[key].update(self._marked(section.body))
        self.screen.refresh_bindings()

    def _marked(self, body: Content) -> Content:
        return body if self._wanted is None else body.highlight_regex(self._wanted, style="bold reverse")

    def action_again(self, direction: int) -> None:
        """Go to the next match, or to the one before; at the end, from the other end on."""
        self._go(direction, self._match_at + direction)

    def action_end_find(self) -> None:
        """Look for nothing any more."""
        self._look_for("")

    def _matches(self) -> Sequence[int]:
        """Return the lines of the scroll that hold what is looked for, as they are broken now."""
        found: list[int] = []
        for key in self._shown:
            body = self._bodies[key]
            width, height = body.size
            strips = body.render_lines(Region(0, 0, width, height)) if self._wanted is not None else ()
            top = body.virtual_region.y
            found += [
                top + y for y, strip in enumerate(strips) if self._wanted and self._wanted.search(strip.text)
            ]
        return found

    def _go(self, direction: int, start: int) -> None:
        matches = self._matches()
        if not matches:
            wanted = self.query_one(FindInput).value
            self._look_for("")
            frame(self).warned(f"“{one_line(wanted, 40)}” is not in these details.")
            return
        if direction > 0:
            found = next((y for y in matches if y >= start), matches[0])
        else:
            found = next((y for y in reversed(matches) if y <= start), matches[-1])
        self._match_at = found
        # A little above it stays in view.
        self.scroll_to(y=max(0, found - 2), animate=False)

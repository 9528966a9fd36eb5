"""One execution with all that is known of it, as one scroll with headings."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.tui.story import Section, heading, sections
from jobmon_tui.tui.widgets.pager import Pager

_KEYS = ("waiting", "error", "facts", "lineage", "output", "snapshot", "audit")


class DetailsPanel(Pager):
    """Shows an execution's story. Left and Right go from heading to heading.

    A new story of the same execution repaints only the sections that differ, and keeps the place.
    """

    ALLOW_MAXIMIZE = True
    BINDING_GROUP_TITLE = "Details"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "section(1)", "Next heading", show=False),
        Binding("left,h", "section(-1)", "Heading before", show=False),
        Binding("enter", "full_screen", "Full screen, and back", show=False),
    ]
    DEFAULT_CSS = """
    DetailsPanel {
        background: $surface; color: $text; padding: 0 1 0 0; scrollbar-size-vertical: 1;
        border-left: outer $surface;
    }
    DetailsPanel:focus { border-left: outer $border; }
    DetailsPanel.-maximized { width: 100%; height: 1fr; max-height: 100%; }
    DetailsPanel > Static { height: auto; }
    DetailsPanel > .details-title { color: $text-accent; text-style: bold underline; margin-top: 1; }
    DetailsPanel > #details-heading { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._story: ExecutionStory | None = None
        self._shown: dict[str, Section] = {}
        self._top = Content("")
        self._heading = Static("", id="details-heading", markup=False)
        self._titles = {key: Static("", classes="details-title", markup=False) for key in _KEYS}
        self._bodies = {key: Static("", markup=False) for key in _KEYS}

    def compose(self) -> ComposeResult:
        """Lay out all sections; those that say nothing are hidden."""
        yield self._heading
        for key in _KEYS:
            yield self._titles[key]
            yield self._bodies[key]

    def on_mount(self) -> None:
        """Start with what was to be shown before there was anything to show it in."""
        self._paint(sections(self._story) if self._story else ())

    def show(self, story: ExecutionStory | None) -> None:
        """Show a story; None says that nothing is chosen."""
        follows = self.is_mounted and self._output_end_in_view
        before, self._story = self._story, story
        same = before is not None and story is not None and _id(before) == _id(story)
        if self.is_mounted:
            self._paint(sections(story) if story else ())
            if not same:
                self.scroll_home(animate=False)
            elif follows:
                self.call_after_refresh(self._keep_output_end)

    def unread(self, execution_id: int) -> None:
        """Say that this execution cannot be read; where it is shown already, what was read stays."""
        if self._story is None or _id(self._story) != execution_id:
            self._story = None
            self._paint((), f"#{execution_id} cannot be read now. It is tried again by itself.")

    @property
    def _output_end(self) -> int:
        return self._bodies["output"].virtual_region.bottom

    @property
    def _output_end_in_view(self) -> bool:
        """True where whoever reads has come to the end of what a Running execution has printed so far."""
        story, top = self._story, self.scroll_offset.y
        running = story is not None and story.details.execution.status is Status.RUNNING
        return running and top < self._output_end <= top + self.scrollable_content_region.height

    def _keep_output_end(self) -> None:
        # Only down, and only as far as the output has grown past the lower edge.
        beyond = self._output_end - self.scrollable_content_region.height
        if beyond > self.scroll_offset.y:
            self.scroll_to(y=beyond, animate=False)

    @property
    def story(self) -> ExecutionStory | None:
        """What is shown."""
        return self._story

    def _paint(self, wanted: Sequence[Section], nothing: str = "No execution is chosen.") -> None:
        top = heading(self._story.details.execution) if self._story else Content(nothing)
        if top != self._top:
            self._top = top
            self._heading.update(top)
        by_key = {section.key: section for section in wanted}
        for key in _KEYS:
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


def _id(story: ExecutionStory) -> int:
    return story.details.execution.id

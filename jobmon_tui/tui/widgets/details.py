"""One execution with all that is known of it."""

from collections.abc import Sequence

from textual.content import Content

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.tui import run_lengths
from jobmon_tui.tui.keys.bound import first_key
from jobmon_tui.tui.story import Section, heading, sections
from jobmon_tui.tui.widgets.sections import SectionsPanel

_KEYS = ("waiting", "error", "facts", "runs", "lineage", "output", "snapshot", "audit")


class DetailsPanel(SectionsPanel):
    """Shows an execution's story."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(_KEYS, id=id, classes=classes)
        self._story: ExecutionStory | None = None
        self._lengths: Sequence[int] = ()
        self._charts = True

    def on_mount(self) -> None:
        """Start with what was to be shown before there was anything to show it in."""
        self._paint(self._sections())

    def show(self, story: ExecutionStory | None, lengths: Sequence[int] = (), *, charts: bool = True) -> None:
        """Show a story; None says that nothing is chosen.

        `lengths` are how long the last runs of its report took, in milliseconds, told also without `charts`.
        """
        self._lengths, self._charts = lengths, charts
        follows = self.is_mounted and self._output_end_in_view
        before, self._story = self._story, story
        same = before is not None and story is not None and _id(before) == _id(story)
        if self.is_mounted:
            self._paint(self._sections())
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

    def _sections(self) -> Sequence[Section]:
        key = first_key(self, "view_output", getattr(self.app, "keys", {}))
        if self._story is None:
            return ()
        found = [*sections(self._story, key)]
        if len(self._lengths) > 1:
            body = run_lengths.told(self._lengths, chart=self._charts)
            found.append(Section("runs", run_lengths.title(self._lengths), body))
        return found

    def times_changed(self) -> None:
        """Show times as the reader now wants them."""
        if self.is_mounted and self._story is not None:
            self._paint(self._sections())

    def _paint(self, wanted: Sequence[Section], nothing: str = "No execution is chosen.") -> None:
        self.paint(heading(self._story.details.execution) if self._story else Content(nothing), wanted)


def _id(story: ExecutionStory) -> int:
    return story.details.execution.id

"""The part of the dashboard that chooses the table's columns, and keeps the choice."""

import asyncio
from typing import ClassVar

from textual.binding import Binding, BindingType

from jobmon_tui.tui.kept import Kept
from jobmon_tui.tui.screens.acting import ActingScreen
from jobmon_tui.tui.widgets.columns import CHOOSABLE, Column

_COLUMNS = "columns"
"""The name of the choice in the file."""


class ChoosingScreen(ActingScreen):
    """The choice holds at once, and from the next start on too where it could be kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "columns", "Columns", show=False, tooltip="Choose the table's columns"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._told_unkept = False

    def wear_columns(self) -> None:
        """Show the columns that were chosen before; names that nobody knows are passed over."""
        names = Kept(self.host.options.kept).read().get(_COLUMNS)
        if isinstance(names, list):
            self.table.choose(frozenset(column for column in CHOOSABLE if column.name.lower() in names))

    def action_columns(self) -> None:
        """Choose."""
        from jobmon_tui.tui.screens.columns import ColumnsScreen

        self.app.push_screen(ColumnsScreen(self.table.columns, self.table.fitting), self._chosen)

    def _chosen(self, columns: frozenset[Column] | None) -> None:
        if columns is not None and columns != self.table.columns:
            self.table.choose(columns)
            self.run_worker(self._keep(columns), group="keeping")

    async def _keep(self, columns: frozenset[Column]) -> None:
        names = [column.name.lower() for column in CHOOSABLE if column in columns]
        try:
            await asyncio.to_thread(Kept(self.host.options.kept).keep, **{_COLUMNS: names})
        except OSError as error:
            if not self._told_unkept:
                self._told_unkept = True
                self.host.warned(f"The columns hold until you quit: they cannot be kept. {error.strerror}.")

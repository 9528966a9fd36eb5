"""The peer of the start and of the keys: a bare Textual app with a table, and nothing of ours.

`python -m tests.benchmarks.bare_app ROWS` has as many rows; without, the table is empty.
"""

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable

TITLE = "Bare"


class BareApp(App[None]):
    """One table, one column."""

    def compose(self) -> ComposeResult:
        """Lay out the table."""
        table: DataTable[str] = DataTable()
        table.add_column(TITLE)
        for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 0):
            table.add_row(f"row {number}")
        yield table


if __name__ == "__main__":
    BareApp().run()

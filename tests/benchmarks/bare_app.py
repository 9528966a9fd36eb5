"""The peer of the start: a bare Textual app with an empty table, and nothing of ours."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable

TITLE = "Bare"


class BareApp(App[None]):
    """One table, one column, no row."""

    def compose(self) -> ComposeResult:
        """Lay out the table."""
        table: DataTable[str] = DataTable()
        table.add_column(TITLE)
        yield table


if __name__ == "__main__":
    BareApp().run()

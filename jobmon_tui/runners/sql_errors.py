"""How a query fails, in the words for the table and for the details."""

from typing import Final

ONE_STATEMENT: Final = "the query holds more than one statement; a report runs exactly one"
NO_ROWS: Final = "the query returns no rows; a report needs one statement that does, such as SELECT"
ONLY_READS: Final = "the query may only read; write one SELECT"
BATCH: Final = 500
"""Rows fetched and written at a time: few enough that wide ones fit, enough that the hops cost nothing."""


class SqlError(Exception):
    """The query failed in an expected way. `detail` is said in place of the summary where there is room."""

    def __init__(self, summary: str, detail: str | None = None) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail

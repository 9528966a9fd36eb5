"""What a list has to know before it can be asked for: as it was a moment ago, and told again with the answer.

Which reports there are, who has an account, and where a time lies seldom change. To ask for them first is a
trip more for each look; to rely on them would be wrong.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Executable, Select, func

from jobmon_tui.storage.listing.block_counts import LIST_SINCE
from jobmon_tui.storage.listing.filter import NAMES, PEOPLE
from jobmon_tui.storage.rows import Executes, ReadRows, Rows
from jobmon_tui.storage.statements import Kept

_LASTING: Final = frozenset({NAMES, PEOPLE, LIST_SINCE})
_MOST_KNOWN: Final = 20
"""Questions, each with its values, of which a connection keeps the answer."""
Question = tuple[Select[Any], tuple[tuple[str, Any], ...]]
Known = dict[Question, list[Any]]


def rows_as_one(query: Select[Any]) -> Any:
    """Return all rows of a query as one value: an array of records, which asyncpg gives as tuples."""
    records = query.with_only_columns(func.row(*query.selected_columns), maintain_column_froms=True)
    return func.array(records.scalar_subquery())


def _with_assumed(query: Kept, assumed: tuple[Select[Any], ...]) -> Select[Any]:
    told: Select[Any] = query.statement().add_columns(
        *(rows_as_one(each).label(f"assumed_{at}") for at, each in enumerate(assumed))
    )
    return told


class Assuming:
    """A connection that answers what seldom changes with what it was told last: see `held`."""

    def __init__(self, connection: Executes, known: Known) -> None:
        self._connection = connection
        self._known = known
        self._assumed: dict[Question, list[Any]] = {}

    def execute(self, statement: Executable, parameters: Any = None, /) -> Rows:
        """Run a statement, or remember its answer."""
        if not isinstance(statement, Select) or statement not in _LASTING:
            return self._connection.execute(statement, parameters)
        question = statement, tuple(sorted((parameters or {}).items()))
        rows = self._known.get(question)
        if rows is None:
            rows = list(self._connection.execute(statement, parameters))
            while len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[question] = rows
        # What has just been asked too: else the next look would be another statement.
        self._assumed[question] = rows
        return ReadRows(rows, len(rows))

    def ask(self, query: Kept, values: Mapping[str, Any]) -> Any:
        """Return the row of a query, which tells with it what was assumed for it."""
        assumed = tuple(statement for statement, _ in self._assumed)
        more = {name: value for _, values in self._assumed for name, value in values}
        return self._connection.execute(Kept(_with_assumed, query, assumed), {**more, **values}).one()

    def held(self, row: Any) -> bool:
        """Return whether all that was assumed is so, of a row of `ask`; what is not is known no more."""
        told = {question: row[f"assumed_{at}"] for at, question in enumerate(self._assumed)}
        changed = [each for each, rows in told.items() if _sorted(rows) != _sorted(self._assumed[each])]
        for question in changed:
            self._known.pop(question, None)
        return not changed


def _sorted(rows: list[Any]) -> list[tuple[Any, ...]]:
    # In another statement they may come in another order.
    return sorted(map(tuple, rows))

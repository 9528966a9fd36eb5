"""Statements that SQLAlchemy puts together and one of its dialects writes out, each only once.

Its own execution layer is not used: it takes longer than the statements of a retry or a claim themselves
(docs/decisions/0001 and 0006).
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.util import LRUCache

Convert = Callable[[Any], Any]
_SHAPES: Final = 200
"""Statements without a name of which it is known how those of the same shape are written out."""
_MOST_KEPT: Final = 1_000
_MOST_WITH_SHAPE: Final = 100
"""Statements of which the text is kept; where answers are converted, with what is known of their columns."""


@dataclass(frozen=True, slots=True)
class _Given:
    """Stands among a statement's arguments where a parameter's value belongs."""

    name: str
    convert: Convert | None


class Kept(Executable):
    """A statement that a function puts together of values which hash: done once, and only its text is kept.

    What SQLAlchemy makes of a filter of many parts are a thousand objects and more: a process that has seen
    hundreds of filters had 300 MB of them, and stood still for seconds while Python looked for garbage.
    """

    def __init__(self, function: Callable[..., Executable], *arguments: Hashable) -> None:
        self._function = function
        self._arguments = arguments
        self._hash = hash((function, arguments))

    def __hash__(self) -> int:
        """Hash what it is made of."""
        return self._hash

    def __eq__(self, other: object) -> bool:
        """Tell whether both say the same."""
        return (
            isinstance(other, Kept)
            and self._hash == other._hash
            and self._function is other._function
            and self._arguments == other._arguments
        )

    def statement(self) -> Any:
        """Put it together."""
        return self._function(*self._arguments)


@dataclass(frozen=True, slots=True)
class _Plan:
    text: str
    arguments: tuple[Any, ...]
    compiled: SQLCompiler | None


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as the driver takes it: its text, its arguments in order, and what it was made of.

    That only where values are converted: whoever reads the answer needs it for the same.
    """

    text: str
    arguments: list[Any]
    compiled: SQLCompiler | None


class Statements:
    """Writes statements out for one dialect; any thread may ask."""

    def __init__(self, dialect: Dialect, *, converts: bool) -> None:
        """With `converts` values pass their columns' types; a driver that knows these needs none."""
        self.dialect = dialect
        self._converts = converts
        # Those that were built once, at import, are found again at once.
        self._plans: WeakKeyDictionary[Executable, dict[tuple[str, ...], _Plan]] = WeakKeyDictionary()
        self._compiled: LRUCache[Any, Any] = LRUCache(_SHAPES)
        self._kept: OrderedDict[Kept, dict[tuple[str, ...], _Plan]] = OrderedDict()
        self._most_kept = _MOST_WITH_SHAPE if converts else _MOST_KEPT

    def written(self, statement: Executable, parameters: Mapping[str, Any]) -> Written:
        """Return a statement's text and its arguments in order. Raises TypeError for what is no query."""
        keys = tuple(parameters)
        if isinstance(statement, Kept):
            return _filled(self._kept_plan(statement, keys), parameters)
        known = self._plans.setdefault(statement, {})
        plan = known.get(keys)
        if plan is None:
            compiled, values = self._compile(statement, keys)
            if compiled.post_compile_params:
                return self._expanded(compiled, values, parameters)
            plan = known[keys] = self._plan(compiled, values, keys)
        return _filled(plan, parameters)

    def _kept_plan(self, statement: Kept, keys: tuple[str, ...]) -> _Plan:
        known = self._kept.setdefault(statement, {})
        self._kept.move_to_end(statement)
        if keys not in known:
            built = statement.statement()
            compiled = built.compile(dialect=self.dialect, column_keys=list(keys))
            if compiled.post_compile_params:
                raise TypeError("what is kept holds no lists of values")
            known[keys] = self._plan(compiled, None, keys)
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
        return known[keys]

    def _compile(self, statement: Any, keys: tuple[str, ...]) -> tuple[SQLCompiler, Any]:
        # As SQLAlchemy's own engine does it, under a name that is not public: what has an earlier one's shape
        # is not written out again, only its values are taken.
        compiled, values, *_ = statement._compile_w_cache(  # noqa: SLF001
            self.dialect, compiled_cache=self._compiled, column_keys=list(keys)
        )
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only queries run here")
        return compiled, values

    def _converters(self, compiled: SQLCompiler) -> Mapping[str, Convert]:
        if not self._converts:
            return {}
        found = {
            name: bound.type.dialect_impl(self.dialect).bind_processor(self.dialect)
            for bound, name in compiled.bind_names.items()
        }
        return {name: convert for name, convert in found.items() if convert is not None}

    def _plan(self, compiled: SQLCompiler, values: Any, keys: tuple[str, ...]) -> _Plan:
        convert = self._converters(compiled)
        filled = compiled.construct_params({key: _Given(key, convert.get(key)) for key in keys}, values)
        for column in compiled.insert_prefetch:
            # The table's own defaults, plain values all of them, which SQLAlchemy fills in when it runs.
            plain = column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
            filled[column.key] = plain if filled.get(column.key) is None else filled[column.key]
        return _Plan(
            str(compiled),
            tuple(
                value
                if isinstance(value := filled[name], _Given) or name not in convert
                else convert[name](value)
                for name in compiled.positiontup or ()
            ),
            compiled if self._converts else None,
        )

    def _expanded(self, compiled: SQLCompiler, values: Any, parameters: Mapping[str, Any]) -> Written:
        # A list among the values: its text depends on how many there are.
        every = compiled.construct_params(dict(parameters), values)
        state = compiled.construct_expanded_state(every)
        convert = self._converters(compiled)
        of_lists = {
            part: convert[name]
            for name, parts in state.parameter_expansion.items()
            if name in convert
            for part in parts
        }
        convert = {**convert, **of_lists}
        return Written(
            state.statement,
            [
                convert[name](state.parameters[name]) if name in convert else state.parameters[name]
                for name in state.positiontup or ()
            ],
            compiled,
        )


def _filled(plan: _Plan, parameters: Mapping[str, Any]) -> Written:
    arguments = [
        each
        if type(each) is not _Given
        else parameters[each.name]
        if each.convert is None
        else each.convert(parameters[each.name])
        for each in plan.arguments
    ]
    return Written(plan.text, arguments, plan.compiled)

"""Whether a text has a part in it, upper and lower case alike in every script, on either backend.

SQLite's LIKE knows the case of ASCII alone, and PostgreSQL's ILIKE that of the database's locale. A class of
both cases for each letter is the same everywhere: GLOB has them on the one, regular expressions on the other.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

_GLOB_SIGNS = frozenset("*?[")


def _cases(letter: str) -> str:
    """Return a letter's cases, each one character long: the "SS" of "ß" is left out."""
    each = (letter, letter.lower(), letter.upper(), letter.casefold())
    return "".join(dict.fromkeys(case for case in each if len(case) == 1))


def glob_of(part: str) -> str:
    """Return SQLite's GLOB pattern of the texts that have `part` in them."""
    return f"*{''.join(map(_glob_letter, part))}*"


def _glob_letter(letter: str) -> str:
    cases = _cases(letter)
    return f"[{cases}]" if len(cases) > 1 or letter in _GLOB_SIGNS else letter


def regex_of(part: str) -> str:
    """Return PostgreSQL's regular expression of the texts that have `part` in them."""
    return "".join(map(_regex_letter, part))


def _regex_letter(letter: str) -> str:
    cases = _cases(letter)
    if len(cases) > 1:
        return f"[{cases}]"
    # A backslash makes any sign an ordinary one: postgresql.org/docs/current/functions-matching.html, 9.7.3.
    return f"\\{letter}" if letter.isascii() and not letter.isalnum() else letter


class HasPart(ColumnElement[bool]):
    """True where a column's text has `part` in it."""

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's own type
        ("glob", InternalTraversal.dp_clauseelement),
        ("regex", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[Any], part: str) -> None:
        self.glob = column.op("GLOB", is_comparison=True)(literal(glob_of(part), String))
        self.regex = column.op("~", is_comparison=True)(literal(regex_of(part), String))


@compiles(HasPart)
def _as_glob(element: HasPart, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.glob, **options)


@compiles(HasPart, "postgresql")
def _as_regex(element: HasPart, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.regex, **options)

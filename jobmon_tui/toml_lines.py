"""Where each key of a TOML file stands, so that a complaint can name the line. `tomllib` does not tell."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line

KeyPath: TypeAlias = tuple[str | int, ...]
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL)
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_PLAIN = re.compile(r"""[^"'#\n\[\]{}]+""")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")


LARGEST = 16 * 1024**2
"""Bytes of a file. A device, or a log file named by mistake, must not fill the memory."""


class TomlFile:
    """A TOML file that was read, with the line of each key."""

    def __init__(self, path: Path, values: dict[str, Any], lines: Mapping[KeyPath, int]) -> None:
        self.path = path
        self.values = values
        self._lines = lines

    @classmethod
    def read(cls, path: Path) -> "TomlFile":
        """Read a file. Raises `invalid_input` with the file's name, and the line where it is not TOML."""
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
            # With or without the mark that some editors put before it.
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except OSError as error:
            raise invalid_input(f"{path}: {error.strerror or 'it cannot be read'}.") from error
        except (UnicodeDecodeError, ValueError) as error:
            raise invalid_input(f"{path}: it is not UTF-8 text.") from error
        if len(data) > LARGEST:
            raise invalid_input(f"{path}: it is larger than {LARGEST // 1024**2} MiB. Split it into several.")
        try:
            values = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            # Mostly TOMLDecodeError; a number of thousands of digits is a ValueError of Python's own.
            said = _AT.search(str(error))
            line = said[1] if said and said[1] else str(text.count("\n") + 1)
            reason = one_line(_AT.sub("", str(error)), 120)
            raise invalid_input(f"{path.name}:{line}: this is not TOML: {reason}.") from error
        return cls(path, values, key_lines(text))

    def line(self, *path: str | int) -> int:
        """Return the line of a key, or of the nearest thing around it that has one."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def at(self, *path: str | int) -> str:
        """Return `file:line` of a key, as compilers write it."""
        return f"{self.path.name}:{self.line(*path)}"


class _Scanner:
    # The text is valid TOML: tomllib has read it before. Keys inside inline tables are not looked for.
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._counted = (0, 1)
        self._tables: dict[KeyPath, int] = {}

    def _line(self) -> int:
        start, line = self._counted
        line += self.text.count("\n", start, self.at)
        self._counted = (self.at, line)
        return line

    def _skip(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        if blank:
            self.at = blank.end()

    def _dotted(self, end: str) -> list[str]:
        parts: list[str] = []
        while self.at < len(self.text):
            if self.text.startswith(end, self.at):
                self.at += len(end)
                break
            key = _KEY.match(self.text, self.at)
            if key is None:
                self.at += 1
                continue
            self.at = key.end()
            parts.append(next(iter(tomllib.loads(f"{key[0]} = 0"))))
        return parts

    def _value(self) -> None:
        depth = 0
        while self.at < len(self.text):
            plain = _PLAIN.match(self.text, self.at)
            if plain:
                self.at = plain.end()
                continue
            character = self.text[self.at]
            string = _STRING.match(self.text, self.at) if character in "\"'" else None
            if string:
                self.at = string.end()
                continue
            if character == "#":
                self.at = self.text.find("\n", self.at)
                if self.at < 0:
                    self.at = len(self.text)
                continue
            if character == "\n" and depth == 0:
                return
            depth += (character in "[{") - (character in "]}")
            self.at += 1

    def _resolve(self, parts: list[str]) -> KeyPath:
        path: KeyPath = ()
        for part in parts:
            path = (*path, part)
            if path in self._tables:
                path = (*path, self._tables[path])
        return path

    def scan(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        self._skip()
        while self.at < len(self.text):
            line = self._line()
            if self.text.startswith("[[", self.at):
                self.at += 2
                parts = self._dotted("]]")
                array = (*self._resolve(parts[:-1]), parts[-1])
                self._tables[array] = self._tables.get(array, -1) + 1
                table = (*array, self._tables[array])
                self.lines.setdefault(array, line)
                self.lines[table] = line
            elif self.text.startswith("[", self.at):
                self.at += 1
                table = self._resolve(self._dotted("]"))
                self.lines.setdefault(table, line)
            else:
                path = table
                for part in self._dotted("="):
                    path = (*path, part)
                    self.lines.setdefault(path, line)
                self._value()
            self._skip()
        return self.lines


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Return the line of each key and table in valid TOML; an array of tables counts its tables from 0."""
    return _Scanner(text).scan()

"""References to secrets in a report's parameters: found, refused where they are wrong, and resolved.

`${env:NAME}` is a variable of the worker's environment, `${keyring:NAME}` an entry of its keyring. They are
resolved when an execution starts, so no configuration, snapshot or log ever holds the value.
"""

import os
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.runners.keyring_lookup import NoKeyringError, from_keyring

_REFERENCE: Final = re.compile(r"\$\{(env|keyring):([^{}]*)\}")
_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYRING_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@/-]{0,99}")
# Bounded: else one long word is searched anew from each of its letters, for minutes. The end of a longer
# scheme is found all the same.
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]{0,19}"
_USER_PART: Final = re.compile(rf"{_SCHEME}://[^/?#\s]*@")
_URL_PASSWORD: Final = re.compile(rf"{_SCHEME}://[^/?#@:\s]*:([^/?#\s]*)@")
_PASSWORD_PARAMETER: Final = re.compile(r"[?&](?:password|passwd|pwd|sslpassword)=([^&\s]+)", re.IGNORECASE)
_STAND_IN: Final = "\ufffc"

Lookup = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference: `kind` is `env` or `keyring`, `key` the place of the text it stands in."""

    kind: str
    name: str
    key: str

    @property
    def text(self) -> str:
        """The reference as it is written."""
        return f"${{{self.kind}:{self.name}}}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Parameters with real values, and the values that must never be shown."""

    parameters: dict[str, object]
    secrets: frozenset[str]


def references(parameters: Mapping[str, object]) -> Sequence[Reference]:
    """Return every reference in the values, nested ones too, in order."""
    return [
        Reference(match[1], match[2], key)
        for key, text in _texts(parameters, "parameters")
        for match in _REFERENCE.finditer(text)
    ]


def has_reference(text: str) -> bool:
    """Tell whether a part of this text is known only when the execution starts."""
    return _REFERENCE.search(text) is not None


def is_keyring_name(name: str) -> bool:
    """Tell whether `${keyring:NAME}` can have this name."""
    return _KEYRING_NAME.fullmatch(name) is not None


def check_references(parameters: Mapping[str, object]) -> None:
    """Raise `invalid_input` for a reference that can never be resolved, and for a password in a URL."""
    for reference in references(parameters):
        _check_name(reference)
    for key, text in _texts(parameters, "parameters"):
        hidden = _REFERENCE.sub(_STAND_IN, text)
        if any(written.strip(_STAND_IN) for written in _written_passwords(hidden)):
            raise invalid_input(
                f"{key}: a password must not be written into a URL; write ${{keyring:NAME}} in its "
                "place, or leave it out and use PGPASSWORD or ~/.pgpass."
            )


def _written_passwords(text: str) -> Iterator[str]:
    yield from (match[1] for match in _URL_PASSWORD.finditer(text))
    for word in text.split():
        after = word.partition("://")[2]
        yield from (match[1] for match in _PASSWORD_PARAMETER.finditer(after))


async def resolve(
    parameters: Mapping[str, object],
    environ: Mapping[str, str] = os.environ,
    lookup: Lookup = from_keyring,
) -> Resolved:
    """Put the values in the place of their references, each looked up once.

    Inside the user part of a URL a value is percent-encoded, so that any password fits there. Raises
    `invalid_input`, naming the reference, for one that is missing.
    """
    values: dict[tuple[str, str], str] = {}
    for reference in references(parameters):
        _check_name(reference)
        if (reference.kind, reference.name) not in values:
            values[reference.kind, reference.name] = await _value(reference, environ, lookup)
    filled = {key: _fill(value, values) for key, value in parameters.items()}
    return Resolved(filled, frozenset(value for value in values.values() if value))


async def _value(reference: Reference, environ: Mapping[str, str], lookup: Lookup) -> str:
    if reference.kind == "env":
        found = environ.get(reference.name)
        if found is None:
            raise invalid_input(
                f"{reference.key}: {reference.text} is not set; set {reference.name} in the environment "
                "that the worker is started in."
            )
        return found
    try:
        found = await lookup(reference.name)
    except NoKeyringError as error:
        raise invalid_input(f"{reference.key}: {reference.text} cannot be read: {error}") from error
    if found is None:
        raise invalid_input(
            f"{reference.key}: {reference.text} is not in the keyring; add it, as "
            f"the user whom the worker runs as, with: jobmon secrets set {reference.name}"
        )
    return found


def _check_name(reference: Reference) -> None:
    known = _ENV_NAME if reference.kind == "env" else _KEYRING_NAME
    if known.fullmatch(reference.name) is None:
        raise invalid_input(
            f"{reference.key}: a reference is written ${{env:NAME}} or ${{keyring:NAME}}, with a name of "
            "letters, digits and _."
        )
    if reference.kind == "env" and reference.name.upper().startswith("JOBMON_"):
        raise invalid_input(
            f"{reference.key}: {reference.text} is refused; what begins with JOBMON_ belongs to jobmon "
            "itself, such as its own sign-in token."
        )


def _texts(value: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}")
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{key}[{index}]")


def _fill(value: object, values: Mapping[tuple[str, str], str]) -> object:
    if isinstance(value, str):
        return _fill_text(value, values)
    if isinstance(value, Mapping):
        return {name: _fill(inner, values) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fill(inner, values) for inner in value]
    return value


def _fill_text(text: str, values: Mapping[tuple[str, str], str]) -> str:
    # Found in the text as it was written: a value that looks like a URL or a reference changes nothing.
    same_length = _REFERENCE.sub(lambda match: _STAND_IN * len(match[0]), text)
    user_parts = [match.span() for match in _USER_PART.finditer(same_length)]

    def value(match: re.Match[str]) -> str:
        found = values[match[1], match[2]]
        inside = any(start <= match.start() < end for start, end in user_parts)
        return quote(found, safe="", errors="surrogateescape") if inside else found

    return _REFERENCE.sub(value, text)

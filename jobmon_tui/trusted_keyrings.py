"""Which keyrings are trusted with a secret, in one place: sessions and reports' secrets ask here."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE: Final = "jobmon-tui"
"""The name under which everything of ours stands in a keyring."""

_GOOD: Final = frozenset(
    {
        "keyring.backends.SecretService",
        "keyring.backends.kwallet",
        "keyring.backends.libsecret",
        "keyring.backends.macOS",
        "keyring.backends.Windows",
    }
)
"""The null backend keeps nothing and says nothing; others write plain text to a file."""


def trusted(backend: "KeyringBackend") -> "Iterator[KeyringBackend]":
    """Give the backend itself, or those that it chains, as far as they are trusted, in their order."""
    module = type(backend).__module__
    if module == "keyring.backends.chainer":
        for inner in getattr(backend, "backends", ()):
            yield from trusted(inner)
    elif module in _GOOD:
        yield backend

"""Which keyrings are trusted with a secret, in one place: sessions and reports' secrets ask here."""

import configparser
import importlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE: Final = "jobmon-tui"
"""The name under which everything of ours stands in a keyring."""
KERNEL: Final = "jobmon_tui.security.kernel_keyring"

_GOOD: Final = frozenset(
    {
        "keyring.backends.SecretService",
        "keyring.backends.kwallet",
        "keyring.backends.libsecret",
        "keyring.backends.macOS",
        "keyring.backends.Windows",
        KERNEL,
    }
)
"""The null backend keeps nothing and says nothing; others write plain text to a file. Why not others:
docs/security.md."""


class UntrustedKeyring(Exception):  # noqa: N818  # named as a fact, as the refusals are
    """There is no keyring that can be trusted; the message says what there is instead."""


def trusted(backend: "KeyringBackend") -> "Iterator[KeyringBackend]":
    """Give the backend itself, or those that it chains, as far as they are trusted, in their order."""
    module = type(backend).__module__
    if module == "keyring.backends.chainer":
        for inner in getattr(backend, "backends", ()):
            yield from trusted(inner)
    elif module in _GOOD:
        yield backend


def trusted_backends() -> "Sequence[KeyringBackend]":
    """Return the trusted ones of what keyring would use, at least one. Raises UntrustedKeyring.

    It may ask the session's bus: call it where waiting is bounded.
    """
    # Imported here: keyring costs more than most commands do.
    keyring = importlib.import_module("keyring")
    try:
        chosen = keyring.get_keyring()
    except (ImportError, AttributeError, TypeError, ValueError, RuntimeError, OSError, configparser.Error):
        raise UntrustedKeyring(
            "there is no keyring: what PYTHON_KEYRING_BACKEND or keyringrc.cfg names cannot be used here"
        ) from None
    found = list(trusted(chosen))
    if not found:
        raise UntrustedKeyring(f"this machine has no keyring that can be trusted{_instead(chosen)}")
    return found


def _instead(backend: "KeyringBackend") -> str:
    module = type(backend).__module__
    if module == "keyring.backends.fail":
        return ""
    if module == "keyring.backends.null":
        return " (keyring.backends.null keeps nothing)"
    return f" ({module} is not known to keep secrets from others)"

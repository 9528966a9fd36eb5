"""Secrets from the operating system's keyring, and from nothing that merely calls itself one."""

import asyncio
from typing import Final

from jobmon_tui.runners.bounded import in_thread
from jobmon_tui.trusted_keyrings import SERVICE, UntrustedKeyring, trusted_backends

WAIT: Final = 3.0
"""Seconds: a locked keyring without a screen asks for its password where nobody is."""


class NoKeyringError(Exception):
    """The keyring cannot be asked; the message says why."""


async def from_keyring(name: str, wait: float = WAIT) -> str | None:
    """Return the entry `name` of the service `jobmon-tui`, None where there is none.

    Raises NoKeyringError where no trustworthy keyring answers within `wait` seconds.
    """
    asked = in_thread(lambda: _ask(name), "keyring")
    try:
        await asyncio.wait({asked}, timeout=wait)
        if not asked.done():
            raise NoKeyringError(f"the keyring did not answer within {wait:g} s; is it locked?")
    finally:
        asked.cancel()
    return asked.result()


def _ask(name: str) -> str | None:
    try:
        backends = trusted_backends()
    except UntrustedKeyring as error:
        raise NoKeyringError(f"{error}; use ${{env:NAME}} instead") from None
    try:
        for backend in backends:
            found = backend.get_password(SERVICE, name)
            if found is not None:
                return found
    except Exception as error:  # noqa: BLE001  # backends let through whatever the bus or the system raises
        # Only the kind: what a backend says may quote what it was asked.
        raise NoKeyringError(f"the keyring failed ({type(error).__name__}); is it locked?") from None
    return None

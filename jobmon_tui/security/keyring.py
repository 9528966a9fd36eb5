"""Sessions and passwords in the operating system's keyring, and in nothing that merely calls itself one.

Never in a plain file: where there is no good keyring, the caller is told so, and what to use instead.
"""

import importlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from jobmon_tui.trusted_keyrings import SERVICE, trusted

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

WAIT_SECONDS: Final = 3.0
"""A locked keyring with no screen to ask on waits for ever."""


class NoKeyring(Exception):  # noqa: N818  # named as a fact, as the refusals are
    """There is no keyring that can be trusted, or it does not answer; the message says which."""


def _bounded(work: Callable[[], T], wait: float) -> T:
    answers: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(work())
        except BaseException as error:  # noqa: BLE001  # carried to the thread that waits, and raised there
            answers.put(error)

    # A daemon: one that hangs in its D-Bus call must not keep the program from ending.
    threading.Thread(target=run, name="keyring", daemon=True).start()
    try:
        answer = answers.get(timeout=wait)
    except queue.Empty:
        raise NoKeyring(f"the keyring did not answer within {wait:g} s; is it locked?") from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _on_backend(work: "Callable[[KeyringBackend], T]") -> T:
    # Imported here: keyring costs more than most commands do.
    keyring = importlib.import_module("keyring")
    errors = importlib.import_module("keyring.errors")
    backend = next(trusted(keyring.get_keyring()), None)
    if backend is None:
        raise NoKeyring("this machine has no keyring that can be trusted")
    try:
        return work(backend)
    except (errors.KeyringError, RuntimeError, OSError) as error:
        # Only the kind: what a backend says may quote what it was asked.
        raise NoKeyring(f"the keyring failed ({type(error).__name__}); is it locked?") from error


@dataclass(frozen=True, slots=True)
class KeyringEntry:
    """Keeps one secret: a session's token, or a password. Every call answers within `wait` seconds."""

    identity: str
    """Of what: `DatabaseLocation.identity`, or `PostgresLocation.password_identity`."""
    wait: float = WAIT_SECONDS

    def load(self) -> str | None:
        """Return the kept secret, None where there is none. Raises NoKeyring."""
        return _bounded(lambda: _on_backend(lambda b: b.get_password(SERVICE, self.identity)), self.wait)

    def keep(self, secret: str) -> None:
        """Keep a secret in place of an earlier one. Raises NoKeyring."""
        _bounded(lambda: _on_backend(lambda b: b.set_password(SERVICE, self.identity, secret)), self.wait)

    def forget(self) -> None:
        """Remove the secret; where there is none, that is well. Raises NoKeyring."""

        def remove(backend: "KeyringBackend") -> None:
            if backend.get_password(SERVICE, self.identity) is not None:
                backend.delete_password(SERVICE, self.identity)

        _bounded(lambda: _on_backend(remove), self.wait)


def backend_name(wait: float = WAIT_SECONDS) -> str:
    """Return what the keyring in use is called. Raises NoKeyring."""
    return _bounded(lambda: _on_backend(lambda backend: type(backend).__module__.rpartition(".")[2]), wait)

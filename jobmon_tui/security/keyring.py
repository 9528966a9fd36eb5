"""Sessions and passwords in the operating system's keyring, and in nothing that merely calls itself one.

Never in a plain file: where there is no good keyring, the caller is told so, and what to use instead.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from jobmon_tui.log_file import hide
from jobmon_tui.trusted_keyrings import KERNEL, SERVICE, UntrustedKeyring, trusted_backends

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
    try:
        backend = trusted_backends()[0]
    except UntrustedKeyring as error:
        raise NoKeyring(str(error)) from None
    try:
        return work(backend)
    except Exception as error:  # noqa: BLE001  # backends let through whatever the bus or the system raises
        # Only the kind: what a backend says may quote what it was asked.
        raise NoKeyring(f"the keyring failed ({type(error).__name__}); is it locked?") from None


@dataclass(frozen=True, slots=True)
class KeyringEntry:
    """Keeps one secret: a session's token, or a password. Every call answers within `wait` seconds."""

    identity: str
    """Of what: `DatabaseLocation.identity`, or `PostgresLocation.password_identity`."""
    wait: float = WAIT_SECONDS

    def load(self) -> str | None:
        """Return the kept secret, None where there is none. Raises NoKeyring."""
        found = _bounded(lambda: _on_backend(lambda b: b.get_password(SERVICE, self.identity)), self.wait)
        if found:
            hide(found)
        return found

    def keep(self, secret: str) -> None:
        """Keep a secret in place of an earlier one. Raises NoKeyring."""
        hide(secret)
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


def is_lost_at_restart(wait: float = WAIT_SECONDS) -> bool:
    """Tell whether the keyring in use forgets everything when the machine restarts. Raises NoKeyring."""
    return _bounded(lambda: _on_backend(lambda backend: type(backend).__module__ == KERNEL), wait)


_INDEX: Final = "index:secrets"
"""No name of a secret has a colon. The names lie in the keyring too, which no list can be had of."""


def _names(backend: "KeyringBackend") -> set[str]:
    try:
        found = json.loads(backend.get_password(SERVICE, _INDEX) or "[]")
    except ValueError:
        return set()
    return {name for name in found if isinstance(name, str)} if isinstance(found, list) else set()


def _remember(backend: "KeyringBackend", names: set[str]) -> None:
    backend.set_password(SERVICE, _INDEX, json.dumps(sorted(names)))


def keep_secret(name: str, value: str, wait: float = WAIT_SECONDS) -> None:
    """Keep a secret of reports, and its name where `kept_secrets` finds it. Raises NoKeyring."""
    hide(value)

    def keep(backend: "KeyringBackend") -> None:
        backend.set_password(SERVICE, name, value)
        names = _names(backend)
        if name not in names:
            _remember(backend, names | {name})

    _bounded(lambda: _on_backend(keep), wait)


def forget_secret(name: str, wait: float = WAIT_SECONDS) -> bool:
    """Remove a secret of reports and its name; tell whether there was one. Raises NoKeyring."""

    def forget(backend: "KeyringBackend") -> bool:
        there = backend.get_password(SERVICE, name) is not None
        if there:
            backend.delete_password(SERVICE, name)
        names = _names(backend)
        if name in names:
            _remember(backend, names - {name})
        return there

    return _bounded(lambda: _on_backend(forget), wait)


def kept_secrets(also: Iterable[str] = (), wait: float = WAIT_SECONDS) -> Mapping[str, bool]:
    """Tell of each known name, and of the names in `also`, whether it is kept. Raises NoKeyring."""

    def look(backend: "KeyringBackend") -> dict[str, bool]:
        names = sorted(_names(backend) | set(also))
        return {name: backend.get_password(SERVICE, name) is not None for name in names}

    return _bounded(lambda: _on_backend(look), wait)

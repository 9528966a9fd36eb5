"""Secrets in the Linux kernel's memory: a keyring for hosts without a desktop, until they restart.

Chosen by whoever wants it, as every keyring is:
PYTHON_KEYRING_BACKEND=jobmon_tui.security.kernel_keyring.KernelKeyring
Entries are keys of type `user` in the user's keyring: never on a disk, never swapped, read by processes
of the same user only (keyrings(7), user-keyring(7), keyctl(2)).
"""

import ctypes
import errno
import os
import platform
import sys
from typing import Final

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import KeyringError, PasswordDeleteError, PasswordSetError

_USER_KEYRING: Final = -4
_UNLINK, _SEARCH, _READ, _SET_RIGHTS, _REAL_ID = 9, 10, 11, 5, 0
_OWNER_ALL: Final = 0x3F3F0000
"""Whoever holds the key, and every process of its owner: all rights. Group and others: none."""
_LARGEST: Final = 32_767
"""Bytes that a key of type `user` holds at most."""
_NUMBERS: Final = {
    "x86_64": (248, 250),
    "aarch64": (217, 219),
    "riscv64": (217, 219),
    "ppc64le": (269, 271),
    "s390x": (278, 280),
}
"""The system calls add_key and keyctl, by machine (syscalls(2)): the C library has no functions for them."""


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    done = int(library.syscall(ctypes.c_long(number), *arguments))
    if done < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return done


def _keyctl(operation: int, *arguments: object) -> int:
    return _call(_NUMBERS[platform.machine()][1], ctypes.c_int(operation), *arguments)


def _key(service: str, username: str) -> bytes:
    return f"{service}:{username}".encode("utf-8", "surrogateescape")


class KernelKeyring(KeyringBackend):
    """The user's keyring of the kernel. What it holds is gone when the machine restarts."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805  # a property of the class
        """Raise RuntimeError where there is none: another system, or a container that forbids it."""
        if sys.platform != "linux" or platform.machine() not in _NUMBERS:
            raise RuntimeError("the kernel keyring is Linux's")
        try:
            _keyctl(_REAL_ID, ctypes.c_int(_USER_KEYRING), ctypes.c_int(1))
        except OSError as error:
            raise RuntimeError(f"the kernel keyring cannot be used: {error.strerror}") from None
        return 0.5

    def get_password(self, service: str, username: str) -> str | None:
        """Return the entry, None where there is none. Raises KeyringError."""
        try:
            number = self._find(service, username)
            if number is None:
                return None
            room = ctypes.create_string_buffer(_LARGEST)
            size = _keyctl(_READ, ctypes.c_int(number), room, ctypes.c_size_t(_LARGEST))
        except OSError as error:
            raise KeyringError(f"the kernel keyring failed: {error.strerror}") from error
        return room.raw[:size].decode("utf-8", "surrogateescape")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep an entry in place of an earlier one. Raises PasswordSetError."""
        data = password.encode("utf-8", "surrogateescape")
        try:
            number = _call(
                _NUMBERS[platform.machine()][0],
                b"user",
                _key(service, username),
                data,
                ctypes.c_size_t(len(data)),
                ctypes.c_int(_USER_KEYRING),
            )
            # By its number a key is found only where the session's keyring leads to it, which not every
            # way to sign in takes care of; its owner may always.
            _keyctl(_SET_RIGHTS, ctypes.c_int(number), ctypes.c_uint32(_OWNER_ALL))
        except OSError as error:
            raise PasswordSetError(f"the kernel keyring failed: {error.strerror}") from error

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry. Raises PasswordDeleteError where there is none."""
        try:
            number = self._find(service, username)
            if number is None:
                raise PasswordDeleteError("there is no such entry")
            _keyctl(_UNLINK, ctypes.c_int(number), ctypes.c_int(_USER_KEYRING))
        except OSError as error:
            raise PasswordDeleteError(f"the kernel keyring failed: {error.strerror}") from error

    @staticmethod
    def _find(service: str, username: str) -> int | None:
        try:
            return _keyctl(
                _SEARCH, ctypes.c_int(_USER_KEYRING), b"user", _key(service, username), ctypes.c_int(0)
            )
        except OSError as error:
            if error.errno == errno.ENOKEY:
                return None
            raise

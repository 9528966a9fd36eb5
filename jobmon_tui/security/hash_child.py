"""The child process that hashes: one JSON request on standard input, the answer on standard output."""

import json
import sys

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# A hash of no password at all, made with the defaults, so that an unknown name costs one verification too.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$joZ+x2eoP+esBd1WK5NpG0P9679s2wy//nj+9Q27tI4"


def answer(request: dict[str, str]) -> str:
    """Return a new hash, or `ok` or `no` where a hash is given to verify.

    After `ok` stands a new hash where that one was not made at the present cost.
    """
    hasher = PasswordHasher()
    if "hash" not in request:
        return hasher.hash(request["password"])
    try:
        hasher.verify(request["hash"] or _NOBODY, request["password"])
    except (VerificationError, InvalidHashError):
        return "no"
    if hasher.check_needs_rehash(request["hash"] or _NOBODY):
        return f"ok {hasher.hash(request['password'])}"
    return "ok"


if __name__ == "__main__":
    sys.stdout.write(answer(json.load(sys.stdin)))

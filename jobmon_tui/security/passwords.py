"""Argon2id hashes, made in a child process: one hash peaks at 64 MiB, which the dashboard must not keep."""

import asyncio
import json
import sys

from jobmon_tui.services.passwords import Verdict

_at_once = asyncio.Semaphore(2)


async def _child(request: dict[str, str]) -> str:
    async with _at_once:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "jobmon_tui.security.hash_child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        answer, _ = await process.communicate(json.dumps(request).encode())
        if process.returncode != 0:
            raise RuntimeError("the password could not be hashed")
        return answer.decode()


class Argon2Hasher:
    """The services' `PasswordHasher`, with argon2-cffi's default cost."""

    async def hash(self, password: str) -> str:
        """Return a salted Argon2id hash."""
        return await _child({"password": password})

    async def check(self, hashed: str | None, password: str) -> Verdict:
        """Tell whether the password fits; with no hash (an unknown name) it takes as long, and does not.

        Where it fits and the hash was made at another cost there is a new one.
        """
        answer, _, rehashed = (await _child({"password": password, "hash": hashed or ""})).partition(" ")
        return Verdict(answer == "ok" and hashed is not None, rehashed or None)

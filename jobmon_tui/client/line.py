"""One request and its answer: what goes wrong on the way is told as the services tell it."""

import asyncio
import json
import random
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeVar

import httpx

from jobmon_tui.client.address import ServerAddress
from jobmon_tui.domain.errors import (
    JobmonError,
    UnclearOutcomeError,
    invalid_input,
    not_signed_in,
    storage_unavailable,
)
from jobmon_tui.domain.text import REPLACEMENT, one_line
from jobmon_tui.services.audited import Caller
from jobmon_tui.wire.forms import ProblemForm, read
from jobmon_tui.wire.problems import MEDIA_TYPE, refusal_of

T = TypeVar("T")
API: Final = "/api/v1"
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 6.0
"""How long an answer may take: a line that is cut in silence is told within this time."""
_IDLE_SECONDS = 30.0
"""Less than the server keeps a quiet connection: none is used that is being closed."""
_CONNECTIONS = 10
LOOK_UP_SECONDS, FIRST_PAUSE = 8.0, 0.2
"""How long what may be sent again is; seconds before the second time, then twice as many."""
_IN_BETWEEN = frozenset({502, 504})
"""What a proxy answers that does not know what the server did."""

_HALF = re.compile("[\ud800-\udfff]")
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `may_repeat`: sending it twice does no more than sending it once."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    answer_seconds: float = ANSWER_SECONDS
    may_repeat: bool = False

    @property
    def is_safe(self) -> bool:
        """True where it may be sent again when its answer is lost."""
        return self.may_repeat or self.method == "GET"


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return whom to trust: what the system does, or one file of authorities. Raises `invalid_input`."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        reason = one_line(str(error.strerror or type(error).__name__), 80)
        raise invalid_input(f"The file of trusted authorities cannot be read: {reason}.") from None


def headers_of(caller: Caller | None) -> dict[str, str]:
    """Return who asks, as headers. Raises `not_signed_in` without a token that could be one."""
    if caller is None:
        return {}
    if not caller.token or not caller.token.isascii() or not caller.token.isprintable():
        raise not_signed_in()
    return {"Authorization": f"Bearer {caller.token}", **origin_header(caller.origin)}


def origin_header(origin: str) -> dict[str, str]:
    """Return where this client says that it runs."""
    return {"Jobmon-Origin": one_line(origin, 200).encode("ascii", "replace").decode()}


def _json(body: Any) -> bytes:
    # As the services clean it: JSON has no way to write half a character.
    return _HALF.sub(REPLACEMENT, json.dumps(body, ensure_ascii=False)).encode()


class Line:
    """The way to one server."""

    def __init__(self, address: ServerAddress, ca_file: Path | None = None) -> None:
        """Nothing is sent yet. Raises `invalid_input` where `ca_file` cannot be read."""
        self.address = address
        verify: ssl.SSLContext | bool = _trust(ca_file) if address.base.startswith("https:") else False
        transport = httpx.AsyncHTTPTransport(
            verify=verify,
            uds=address.socket,
            limits=httpx.Limits(
                max_connections=_CONNECTIONS,
                max_keepalive_connections=_CONNECTIONS,
                keepalive_expiry=_IDLE_SECONDS,
            ),
        )
        # trust_env: a proxy of the surroundings is for the web, and a ~/.netrc would replace the token.
        self._http = httpx.AsyncClient(transport=transport, base_url=address.base + API, trust_env=False)

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    def _gone(self, error: Exception) -> JobmonError:
        name = self.address.label
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ssl.SSLError):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = one_line(cause.verify_message, 80)
            return storage_unavailable(
                f"The {name} is not trusted: {why}. Is it the right one? See server_ca."
            )
        if isinstance(error, httpx.TimeoutException):
            return storage_unavailable(f"The {name} did not answer in time.")
        return storage_unavailable(f"The {name} cannot be reached.")

    async def ask(self, form: type[T], question: Question, caller: Caller | None = None) -> T:
        """Return the answer. Raises what the server raised, `storage_unavailable`, `UnclearOutcomeError`."""
        content = await self._send(question, caller)
        try:
            return read(form, content)
        except ValueError:
            raise storage_unavailable(
                f"The {self.address.label} gave an answer that this version does not understand."
            ) from None

    async def tell(self, question: Question, caller: Caller) -> None:
        """Send what has no answer but that it was done. Raises as `ask` does."""
        await self._send(question, caller)

    async def _send(self, question: Question, caller: Caller | None) -> bytes:
        headers = {**headers_of(caller), **dict(question.headers)}
        if question.body is not None:
            headers["Content-Type"] = "application/json"
        began, pause, is_unclear = monotonic(), FIRST_PAUSE, False
        while True:
            refusal: JobmonError
            try:
                response = await self._once(question, headers)
            except httpx.TransportError as error:
                refusal = self._gone(error)
                was_sent = not isinstance(error, _UNSENT)
                # A reading is sent again only where its connection had been closed meanwhile.
                was_closed = was_sent and not isinstance(error, httpx.TimeoutException)
                again = question.may_repeat or (question.is_safe and was_closed and pause == FIRST_PAUSE)
            else:
                found = self._refusal(response)
                if found is None:
                    return response.content
                refusal = found
                was_sent = isinstance(found, UnclearOutcomeError) or response.status_code in _IN_BETWEEN
                again = question.may_repeat
            is_unclear = is_unclear or (was_sent and question.method != "GET")
            if not (again and (was_sent or is_unclear)) or monotonic() - began > LOOK_UP_SECONDS:
                raise (UnclearOutcomeError() if is_unclear else refusal) from None
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # no secret
            pause *= 2

    async def _once(self, question: Question, headers: Mapping[str, str]) -> httpx.Response:
        return await self._http.request(
            question.method,
            question.path,
            params=question.params or None,
            content=None if question.body is None else _json(question.body),
            headers=headers,
            timeout=httpx.Timeout(question.answer_seconds, connect=CONNECT_SECONDS),
        )

    def _refusal(self, response: httpx.Response) -> JobmonError | None:
        if response.is_success:
            return None
        kind = response.headers.get("content-type", "").partition(";")[0]
        if kind == MEDIA_TYPE:
            try:
                return refusal_of(read(ProblemForm, response.content))
            except ValueError:
                pass
        return storage_unavailable(
            f"The {self.address.label} answered HTTP {response.status_code}. Is it a jobmon server?"
        )

    @asynccontextmanager
    async def listen(self, caller: Caller, quiet_seconds: float) -> AsyncIterator[AsyncIterator[str]]:
        """Give the lines of the stream of changes. Raises as `ask` does, also while it is read."""
        try:
            async with self._http.stream(
                "GET",
                "/events",
                params={"of": "changes"},
                headers=headers_of(caller),
                timeout=httpx.Timeout(quiet_seconds, connect=CONNECT_SECONDS),
            ) as response:
                if not response.is_success:
                    await response.aread()
                    raise self._refusal(response) or storage_unavailable("")
                yield response.aiter_lines()
        except httpx.TransportError as error:
            raise self._gone(error) from None

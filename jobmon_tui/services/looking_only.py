"""The services of somebody else, such as a server, through which nothing may be changed from here."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

from jobmon_tui.domain.errors import read_only
from jobmon_tui.domain.roles import Actor
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.services.permitted import METHODS
from jobmon_tui.services.sign_in import SignedIn


class _LookingOnly:
    def __init__(self, services: Services) -> None:
        self._services = services

    def __getattr__(self, name: str) -> Any:
        needs = METHODS.get(name)
        found = getattr(self._services, name)
        return found if needs is None or not needs.changes else _refusing(needs.verb.value)

    async def create_first_administrator(self, _name: str, _password: str, _origin: str) -> SignedIn:
        raise read_only("First Administrator")

    async def sign_in(self, name: str, password: str, origin: str, known: str | None = None) -> SignedIn:
        opened = await self._services.sign_in(name, password, origin, known)
        return replace(opened, actor=replace(opened.actor, read_only=True))

    async def whoami(self, caller: Caller) -> Actor:
        return replace(await self._services.whoami(caller), read_only=True)


def _refusing(what: str) -> Callable[..., Coroutine[Any, Any, None]]:
    async def refuse(*_arguments: object, **_named: object) -> None:
        raise read_only(what)

    return refuse


def looking_only(services: Services) -> Services:
    """Return the services without what changes anything: `read_only` is raised instead."""
    return cast("Services", _LookingOnly(services))

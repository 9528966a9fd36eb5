"""The two ways to the services: in this process, and through a server."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from jobmon_tui.services.facade import Services
from tests.api.stage import Served, local_services, remote, served
from tests.backends import Store


@pytest.fixture
async def server(store: Store) -> AsyncIterator[Served]:
    """A server over the test's database. Its folder is near the root: a socket's path has 107 characters."""
    with tempfile.TemporaryDirectory() as folder:
        async with served(store, Path(folder)) as running:
            yield running


@pytest.fixture(params=["local", "remote"])
async def services(request: pytest.FixtureRequest, store: Store) -> AsyncIterator[Services]:
    """Each way to the services."""
    if request.param == "local":
        yield local_services(store)
        return
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        running = await stack.enter_async_context(served(store, Path(folder)))
        yield await stack.enter_async_context(remote(running.url))

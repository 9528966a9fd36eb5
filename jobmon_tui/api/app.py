"""The application, put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from jobmon_tui.api import accounts, answers, events, jobs, looking, reports
from jobmon_tui.api.asking import admit_large
from jobmon_tui.api.bulletin import Bulletin
from jobmon_tui.api.description import describe
from jobmon_tui.api.limits import BodyLimit
from jobmon_tui.api.turns import Turns
from jobmon_tui.services.facade import Changes, Services
from jobmon_tui.services.ports import Database

PREFIX = "/api/v1"


def create_app(services: Services, database: Database, watch: Callable[[], Changes]) -> FastAPI:
    """Return the API over these services; `database` is read for the stream of changes only."""
    bulletin = Bulletin(database, watch)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await bulletin.close()

    app = FastAPI(
        title="jobmon",
        version=version("jobmon-tui"),
        summary="See which report jobs failed, and run them again.",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # to where the request's own Host header says
        lifespan=lifespan,
        strict_content_type=False,  # a body is JSON also where nobody says so; a token is asked for anyway
    )
    app.state.services = services
    app.state.bulletin = bulletin
    app.state.turns = Turns()
    answers.install(app)
    app.add_middleware(BodyLimit, admit=partial(admit_large, services))
    describe(app)
    app.include_router(looking.open_router, prefix=PREFIX, responses={503: answers.PROBLEMS[503]})
    for router in (jobs.router, reports.router, accounts.router, looking.router, events.router):
        app.include_router(router, prefix=PREFIX, responses=answers.PROBLEMS)
    return app

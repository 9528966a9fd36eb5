"""Running a query as a report."""

from pathlib import Path

from jobmon_tui.runners.base import Job, Result
from jobmon_tui.runners.output import BoundedOutput
from jobmon_tui.runners.sql import SqlParameters, SqlRunner


def job(source: str | Path, query: str, folder: Path, number: int = 4712, **more: str) -> Job[SqlParameters]:
    url = source if isinstance(source, str) else f"sqlite:///{source}"
    parameters = SqlParameters.model_validate({"source": url, "query": query, **more})
    return Job(number, "Départs / by airport", parameters, folder, None)


async def run(
    source: str | Path,
    query: str,
    folder: Path,
    number: int = 4712,
    secrets: tuple[str, ...] = (),
    **more: str,
) -> Result:
    return await SqlRunner().run(job(source, query, folder, number, **more), BoundedOutput(secrets))

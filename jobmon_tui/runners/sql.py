"""The `sql` runner: one query that reads, written row by row to a report file."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.runners.base import DETAIL_LIMIT, Job, Result, failed
from jobmon_tui.runners.bounded import in_thread
from jobmon_tui.runners.output import BoundedOutput
from jobmon_tui.runners.report_file import Format, ReportFile, plain_failure, slug
from jobmon_tui.runners.sql_errors import SqlError
from jobmon_tui.runners.sql_source import PostgresSource, SqliteSource, checked, parse
from jobmon_tui.runners.sql_sqlite import read_sqlite
from jobmon_tui.runners.writers import ReportTooLargeError

_LONGEST_NAME: Final = 100

Read = Callable[[str, ReportFile, float | None], Awaitable[int]]


class SqlParameters(BaseModel):
    """`source` is a URL, `query` one statement that returns rows.

    The file is named after the report, or `filename`, and the execution's number.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    source: str
    query: str
    format: Format = "csv"
    filename: str | None = None

    @field_validator("source")
    @classmethod
    def _source(cls, value: str, info: ValidationInfo) -> str:
        return checked(value, info)

    @field_validator("query")
    @classmethod
    def _query(cls, value: str) -> str:
        if not value.strip(" \t\r\n;"):
            raise ValueError("must be a SELECT statement")
        if "\0" in value:
            raise ValueError("must not hold NUL characters")
        return value

    @field_validator("filename")
    @classmethod
    def _filename(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if "/" in value or "\\" in value:
            raise ValueError("must be a name without folders; the folder is the setting JOBMON_OUTPUT_DIR")
        if (
            not value.strip()
            or value.startswith(".")
            or clean(value) != value
            or "\n" in value
            or "\t" in value
        ):
            raise ValueError("must be a plain file name")
        if len(value.encode()) > _LONGEST_NAME:
            raise ValueError(f"must have at most {_LONGEST_NAME} bytes")
        return value


class SqlRunner:
    """Runs a query on SQLite or PostgreSQL; neither can be written through it."""

    parameters = SqlParameters

    async def run(self, job: Job[SqlParameters], output: BoundedOutput) -> Result:
        """Run it to its end. The file exists only if the result is Succeeded."""
        wanted = job.parameters
        try:
            source = parse(wanted.source)
        except ValueError as error:
            return failed(f"parameters.source: {error}")
        read = await _reader(source)
        try:
            file = ReportFile(job.output_dir, _stem(job), wanted.format)
        except OSError as error:
            return failed(plain_failure(error, job.output_dir))
        try:
            await read(wanted.query, file, job.timeout)
        except SqlError as error:
            return _failed(error.summary, error.detail, source, wanted.query, output)
        except ReportTooLargeError as error:
            return _failed(str(error), None, source, wanted.query, output)
        except OSError as error:
            return _failed(plain_failure(error, job.output_dir), None, source, wanted.query, output)
        except asyncio.CancelledError:
            # Complete before the stop took hold: then it is told as it is.
            if file.published is None:
                raise
            return _complete(file)
        finally:
            file.discard()
        output.say(f"{file.count:,} {'row' if file.count == 1 else 'rows'} in {file.published}")
        return _complete(file)


async def _reader(source: SqliteSource | PostgresSource) -> Read:
    if isinstance(source, SqliteSource):
        return partial(read_sqlite, source.path)
    # Its driver costs more to import than a small report to run, so only those who need it wait for it.
    module = await in_thread(
        lambda: importlib.import_module("jobmon_tui.runners.sql_postgres"), "import of the PostgreSQL driver"
    )
    return partial(module.read_postgres, source)


def _complete(file: ReportFile) -> Result:
    return Result(
        "Succeeded", output_path=file.published, rows=file.count, size=file.size, sha256=file.sha256
    )


def _stem(job: Job[SqlParameters]) -> str:
    name = job.parameters.filename
    if name is None:
        return f"{slug(job.report)}-{job.execution_id}"
    return f"{name.removesuffix(f'.{job.parameters.format}')}-{job.execution_id}"


def _failed(
    told: str, more: str | None, source: SqliteSource | PostgresSource, query: str, output: BoundedOutput
) -> Result:
    story = f"{more or told}\n\nsource: {source.label}\nquery:\n{query}\n"
    return failed(one_line(output.mask(told)), clean(output.mask(story))[:DETAIL_LIMIT])

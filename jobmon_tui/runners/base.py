"""What a runner is: it is given a checked job, runs it, and says how it ended."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

    from jobmon_tui.runners.output import BoundedOutput

DETAIL_LIMIT = 16 * 1024
"""Characters of a result's `detail`: the long story, not the whole output, which is kept apart."""

P = TypeVar("P", bound="BaseModel")


@dataclass(frozen=True, slots=True)
class Job(Generic[P]):
    """One execution as its runner sees it. `parameters` are checked and hold real values, no references.

    `output_dir` exists, with mode 0700 if it had to be made. `timeout` is in seconds, None for no limit;
    whoever runs the job keeps it, by cancelling, so a runner needs it only to set limits of its own.
    """

    execution_id: int
    report: str
    parameters: P
    output_dir: Path
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended: `summary` is the most telling single line, `detail` the long story.

    Secrets in them are masked with `output.mask` before anything is cleaned or cut, which would hide them
    from the mask. `output_path` is absolute. `rows` counts what a report file holds, `size` is its bytes and
    `sha256` its digest in hexadecimal.
    """

    status: Literal["Succeeded", "Failed"]
    summary: str | None = None
    detail: str | None = None
    output_path: Path | None = None
    rows: int | None = None
    size: int | None = None
    sha256: str | None = None


class ReportRunner(Protocol[P]):
    """Runs one kind of report.

    Others add theirs as an entry point of the group `jobmon_tui.runners`, whose name is the runner's name and
    whose value is such an object, or a class that makes one without arguments.
    """

    @property
    def parameters(self) -> type[P]:
        """The pydantic model of the report's parameters. It should forbid extra keys."""
        ...

    async def run(self, job: Job[P], output: "BoundedOutput") -> Result:
        """Run the job to its end; an expected failure is a Result. Report what is printed to `output`.

        Cancelling the task means: stop, clean up within a few seconds, leave no process and no partial file.
        """
        ...


AnyRunner: TypeAlias = ReportRunner[Any]
"""A runner whose parameter model only the runner itself knows."""


def failed(summary: str, detail: str | None = None) -> Result:
    """Return a failure."""
    return Result("Failed", summary, detail)

"""What can be wrong with a report: all of it at once, each with the key that it is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jobmon_tui.domain.errors import ErrorCode, JobmonError

_NAMED_KEY = re.compile(r"(?:^|; )(?=(?:name|runner|schedule|timezone|timeout|parameters)[^\s:]*: )")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a report. `key` is dotted, such as `schedule` or `parameters.format`."""

    key: str
    reason: str

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.key}: {self.reason}"


class InvalidReport(JobmonError):  # noqa: N818  # named as the refusals are
    """A report that cannot be used (`invalid_input`); `problems` has all that is wrong, the message too."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(ErrorCode.INVALID_INPUT, "; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def problems_of(refusal: JobmonError) -> Sequence[Problem]:
    """Return what is wrong as key and reason; a message without a key is about the whole report."""
    if isinstance(refusal, InvalidReport):
        return refusal.problems
    found = []
    for part in _NAMED_KEY.split(refusal.message):
        key, separator, reason = part.partition(": ")
        if part:
            found.append(Problem(key, reason) if separator else Problem("", part))
    return found

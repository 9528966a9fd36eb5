"""Fail every time, with a long error: a chain of causes and many rejected lines."""

import sys


def post(line: int) -> None:
    """Reject every line."""
    raise ValueError(f"line {line}: debit and credit differ by {line * 17 % 1000 / 100:.2f}")


def export() -> None:
    """Try all lines, then give up."""
    rejected = []
    for line in range(1, 401):
        try:
            post(line)
        except ValueError as error:
            rejected.append(error)
            print(f"rejected {error}", file=sys.stderr)
    raise RuntimeError(
        f"{len(rejected)} of 400 ledger lines were rejected; first: {rejected[0]}; last: {rejected[-1]}; "
        "nothing was exported, because a ledger that does not balance must not be sent"
    ) from rejected[-1]


export()

"""Flags and arguments that several commands share."""

from typing import Annotated, Any

import typer

from jobmon_tui.domain.execution import GREATEST_ID

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for scripts.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]
Before = Annotated[int | None, typer.Option(min=1, max=GREATEST_ID, help="Only ids below this one.")]
ExecutionId = Annotated[int, typer.Argument(metavar="ID", help="The execution's id.")]
ExecutionIds = Annotated[list[int], typer.Argument(metavar="ID...", help="Execution ids.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


def group(help_text: str, *examples: str) -> typer.Typer:
    """Return a group of commands, whose help ends with these examples."""
    lines = "".join(f"\n  {each}" for each in examples)
    help_text += f"\n\n\b\nExamples:{lines}"
    return typer.Typer(help=help_text, no_args_is_help=True, context_settings=SETTINGS, rich_markup_mode=None)

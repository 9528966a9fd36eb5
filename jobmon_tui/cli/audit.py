"""`audit`: who did what, and whether the log is whole."""

import typer

from jobmon_tui.cli.options import Before, Json, Limit, group
from jobmon_tui.cli.output import audit_json, audit_line, complain, print_json, say
from jobmon_tui.cli.progress import BarProgress
from jobmon_tui.cli.session import with_services

app = group("The audit log.", "jobmon audit list --limit 20", "jobmon audit verify")


@app.command("list")
def list_(limit: Limit = 50, before: Before = None, json: Json = False) -> None:
    """List audit entries, newest first.

    Example: jobmon audit list --limit 20
    """
    found = with_services(lambda services, caller: services.audit(caller, limit, before))
    if json:
        print_json([audit_json(each) for each in found])
        return
    for each in found:
        say(audit_line(each))


@app.command()
def verify(json: Json = False) -> None:
    """Recompute the audit log's chain; exit 5 if it is broken.

    Example: jobmon audit verify
    """
    bar = BarProgress("Verifying")
    try:
        result = with_services(lambda services, caller: services.verify_audit(caller, bar.tell))
    finally:
        bar.end()
    if json:
        print_json(
            {
                "ok": result.first_bad is None,
                "entries": result.entries,
                "first_bad": result.first_bad,
                "problem": result.problem,
                "head": result.head,
            }
        )
    elif result.first_bad is None:
        say(f"The chain of {result.entries} entries holds. Head: {result.entries} {result.head}")
    if result.first_bad is not None:
        complain(
            f"The chain breaks at entry {result.first_bad}: {result.problem}. "
            "The audit log was changed. Keep a copy of it."
        )
        raise typer.Exit(5)

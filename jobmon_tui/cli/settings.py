"""`config show`: what is set, and where it comes from."""

from jobmon_tui.cli import session
from jobmon_tui.cli.options import Json, group
from jobmon_tui.cli.output import print_json, say
from jobmon_tui.config import provenance

app = group("The settings.", "jobmon config show --json")


@app.command()
def show(json: Json = False) -> None:
    """Show each setting and where it comes from.

    Order: flag, environment, configuration file, default. Secrets are masked. Example: jobmon config show
    """
    rows = provenance(**session.flags)
    if json:
        print_json({each.key: {"value": each.value, "from": each.origin} for each in rows})
        return
    for each in rows:
        value = "-" if each.value is None else each.value
        say(f"{each.key:<20} {value}  ({each.origin})")

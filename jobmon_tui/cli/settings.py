"""`config`: what is set, and where it comes from; the keys of the dashboard."""

from jobmon_tui.cli import session
from jobmon_tui.cli.keymap import all_keys, configured_keys, origins
from jobmon_tui.cli.options import Json, group
from jobmon_tui.cli.output import print_json, say
from jobmon_tui.config import provenance

app = group("The settings.", "jobmon config show --json", "jobmon config keys")


@app.command()
def show(json: Json = False) -> None:
    """Show each setting and where it comes from.

    Order: flag, environment, configuration file, default. Secrets are masked. Example: jobmon config show
    """
    rows = provenance(**session.flags)
    keys, places = configured_keys(), origins()
    if json:
        document: dict[str, object] = {each.key: {"value": each.value, "from": each.origin} for each in rows}
        document["keys"] = {
            action: {"value": list(own), "from": places[action]} for action, own in keys.items()
        }
        print_json(document)
        return
    for each in rows:
        value = "-" if each.value is None else each.value
        value = str(value).lower() if isinstance(value, bool) else value
        say(f"{each.key:<20} {value}  ({each.origin})")
    for action, own in keys.items():
        say(f"{f'keys.{action}':<20} {', '.join(own) or 'none'}  ({places[action]})")
    if not keys:
        say(f"{'keys':<20} as they come; all of them: jobmon config keys  (default)")


@app.command()
def keys(json: Json = False) -> None:
    """Show every key of the dashboard, and the name that changes it.

    \b
    In the configuration file a table gives actions other keys, one or a list:
      [keys]
      retry = "R"
      down = ["down", "j", "ctrl+n"]

    Example: jobmon config keys
    """
    lines = all_keys()
    if json:
        print_json(
            [
                {
                    "part": each.part,
                    "action": each.action,
                    "keys": list(each.keys),
                    "does": each.does,
                    "from": each.origin,
                }
                for each in lines
            ]
        )
        return
    part = ""
    for each in lines:
        if each.part != part:
            say(f"\n{each.part}" if part else each.part)
            part = each.part
        changed = "" if each.origin == "default" else f"  ({each.origin})"
        say(f"  {each.action:<18} {each.shown or '-':<18} {each.does}{changed}")

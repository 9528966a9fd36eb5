"""`doctor`: what is wrong with this machine, and how to mend it."""

import asyncio
from dataclasses import asdict

import typer

from jobmon_tui.cli import health, health_server
from jobmon_tui.cli.finding import Finding, Grade
from jobmon_tui.cli.health_keyring import keyring
from jobmon_tui.cli.keymap import wrong_keys
from jobmon_tui.cli.options import Json
from jobmon_tui.cli.output import print_json, say
from jobmon_tui.cli.session import place_of, settings
from jobmon_tui.client.address import ServerAddress
from jobmon_tui.config import Settings
from jobmon_tui.config_file import config_path
from jobmon_tui.domain.errors import EXIT_CODES, ErrorCode, JobmonError

_STORAGE = frozenset({"database", "database rights", "server", "disk", "output folder"})


def _on_settings(given: Settings) -> list[Finding]:
    try:
        found = list(health.database(given.database))
    except JobmonError as refusal:
        return [Finding("database", Grade.BAD, refusal.message)]
    if all(each.grade is not Grade.BAD for each in found):
        found.append(asyncio.run(health.workers(given.database)))
    found.append(health.output_folder(given))
    return found


def _all() -> list[Finding]:
    found = [health.python(), *health.terminal(), keyring()]
    try:
        given = settings()
    except JobmonError as refusal:
        bad = Finding("settings", Grade.BAD, refusal.message, "See: jobmon config show --help")
        return [*found, bad]
    there = config_path().exists()
    where = str(config_path()) if there else f"no file at {config_path()}, which is fine"
    found.append(Finding("settings", Grade.OK, where))
    found += [Finding("keys", Grade.WARN, said, "See: jobmon config keys --help") for said in wrong_keys()]
    try:
        place = place_of(given)
    except JobmonError as refusal:
        return [*found, Finding("server", Grade.BAD, refusal.message)]
    if isinstance(place, ServerAddress):
        # The database, the output folder and the workers are the server's to look after.
        return [*found, *asyncio.run(health_server.server(place, given))]
    return [*found, *_on_settings(given)]


def doctor(json: Json = False) -> None:
    """Say what is wrong with this machine and how to mend it.

    Exit 6 if the database or a folder cannot be used, 2 if a setting is wrong. Example: jobmon doctor
    """
    found = _all()
    bad = {each.what for each in found if each.grade is Grade.BAD}
    if json:
        print_json([asdict(each) for each in found])
    else:
        for each in found:
            say(f"{each.grade.value:<5} {each.what:<16} {each.text}")
            for step in (each.mend or "").splitlines():
                say(f"{'':<22} → {step}")
    if bad & _STORAGE:
        raise typer.Exit(EXIT_CODES[ErrorCode.STORAGE_UNAVAILABLE])
    if bad:
        raise typer.Exit(EXIT_CODES[ErrorCode.INVALID_INPUT])

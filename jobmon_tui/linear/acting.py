"""Commands that change something. What cannot be taken back asks first, in words."""

from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.roles import Verb
from jobmon_tui.domain.text import one_line
from jobmon_tui.linear.desk import Desk, execution_id
from jobmon_tui.linear.looking import NO_WORKER
from jobmon_tui.linear.naming import report_named
from jobmon_tui.linear.sentences import named
from jobmon_tui.services.records import ExecutionFilter


async def retry(desk: Desk, rest: str) -> None:
    """Retry failed executions, each by its number."""
    for number in [execution_id(word) for word in rest.replace(",", " ").split() or [""]]:
        try:
            receipt = await desk.services.retry(desk.caller, number)
        except JobmonError as refusal:
            desk.say(refusal.message)
        else:
            desk.say(receipt.message)
            await _warn_if_nobody_works(desk)


async def cancel(desk: Desk, rest: str) -> None:
    """Cancel an execution; a Running one only after a question."""
    number = execution_id(rest)
    if not desk.actor.may(Verb.CANCEL):
        # No question first: the services refuse it, and note that it was tried.
        desk.say(await desk.services.cancel(desk.caller, number))
        return
    found = (await desk.services.show(desk.caller, number)).details.execution
    if found.status is Status.RUNNING and not await desk.is_sure(f"{named(found)} is running. Stop it?"):
        return
    desk.say(await desk.services.cancel(desk.caller, number))


async def run(desk: Desk, rest: str) -> None:
    """Queue a report now."""
    name = await report_named(desk, rest) if desk.actor.may(Verb.RUN) else rest
    if name != rest and not await desk.is_sure(f"Queue the report {one_line(name)} now?"):
        return
    queued = (await desk.services.run(desk.caller, name)).execution
    desk.say(f"{one_line(name)} was queued as #{queued.id}.")
    await _warn_if_nobody_works(desk)


async def pause(desk: Desk, rest: str) -> None:
    """Stop a report's schedule."""
    await _set_paused(desk, rest, paused=True)


async def resume(desk: Desk, rest: str) -> None:
    """Go on with a report's schedule."""
    await _set_paused(desk, rest, paused=False)


async def _set_paused(desk: Desk, rest: str, *, paused: bool) -> None:
    name = await report_named(desk, rest) if desk.actor.may(Verb.EDIT_REPORTS) else rest
    await desk.services.pause_report(desk.caller, name, paused)
    did = "is paused: its schedule fires nothing" if paused else "goes on with its schedule"
    desk.say(f"{one_line(name)} {did}.")


async def mend(desk: Desk, _rest: str) -> None:
    """Do what the starter offers."""
    if desk.extra is None:
        raise invalid_input("There is nothing to do here.")
    desk.say(await desk.extra.run())


async def _warn_if_nobody_works(desk: Desk) -> None:
    if desk.worker is None and not (await desk.services.overview(desk.caller, ExecutionFilter())).workers:
        desk.say(NO_WORKER)

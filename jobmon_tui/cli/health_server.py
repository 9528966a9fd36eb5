"""What `doctor` finds where a server is set: whether it answers, and whether it knows this session."""

from collections.abc import Sequence

from jobmon_tui.cli.finding import Finding, Grade
from jobmon_tui.cli.session import opened, origin, saved_token
from jobmon_tui.client.address import ServerAddress
from jobmon_tui.config import Settings
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.audited import Caller

_MEND = (
    "Is it running? Look at: systemctl status jobmon-serve\n"
    "May this account use its socket? Is the address right? See: jobmon config show"
)


async def server(place: ServerAddress, given: Settings) -> Sequence[Finding]:
    """Return what there is to say of the server."""
    try:
        async with opened(place, given) as services:
            await services.has_accounts()
            found = [Finding("server", Grade.OK, f"{place.place} answers, and its database too")]
            token = await saved_token(place, given)
            if not token:
                return [*found, Finding("session", Grade.WARN, "nobody is signed in", "jobmon login NAME")]
            actor = await services.whoami(Caller(token, origin()))
    except JobmonError as refusal:
        if refusal.code is ErrorCode.NOT_SIGNED_IN:
            return [*found, Finding("session", Grade.WARN, "the session has ended", "jobmon login NAME")]
        return [Finding("server", Grade.BAD, refusal.message, _MEND)]
    return [*found, Finding("session", Grade.OK, f"signed in as {actor.name} ({actor.role.value})")]

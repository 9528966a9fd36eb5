"""The whole dashboard over the services in memory, as a program: `python -m tests.tui.dashboard_program`.

STAGE_THEME is the theme that it starts with.
"""

import os
import sys

from jobmon_tui.tui.contracts import Connection, Options
from jobmon_tui.tui.entry import run_dashboard


async def _keep(_token: str | None) -> str | None:
    return None


async def _close() -> None:
    return None


async def _connect() -> Connection:
    from jobmon_tui.domain.execution import Status
    from tests.tui.fake_services import FakeServices

    services = FakeServices()
    for status in Status:
        services.add(f"Report {status.value}", status, error="boom" if status is Status.FAILED else None)
    services.add(
        "Zürich – sales", error=f"no such table: {'x' * 90}", error_detail="line 1", output="printed\n"
    )
    return Connection(services, services.admin.token, None, _keep, _close)


if __name__ == "__main__":
    sys.exit(run_dashboard(_connect, Options(origin="pts/1", theme=os.environ.get("STAGE_THEME", "dark"))))

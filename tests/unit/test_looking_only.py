"""Services of somebody else through which nothing may be changed from here."""

from typing import Any

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.looking_only import looking_only
from jobmon_tui.services.permitted import METHODS
from jobmon_tui.services.records import ExecutionFilter
from tests.tui.fake_services import ADMIN, PASSWORD, FakeServices


async def test_every_change_is_refused_and_nothing_else() -> None:
    services = FakeServices()
    services.add("Sales", Status.FAILED)
    looking: Any = looking_only(services)
    for name, needs in METHODS.items():
        if needs.changes:
            with pytest.raises(JobmonError) as refusal:
                await getattr(looking, name)(ADMIN, "anything", key="x")
            assert refusal.value.code is ErrorCode.READ_ONLY
    with pytest.raises(JobmonError) as refusal:
        await looking.create_first_administrator("eve", "a long one of hers", "?")
    assert refusal.value.code is ErrorCode.READ_ONLY
    assert len(await looking.executions(ADMIN, ExecutionFilter(), 5)) == 1
    assert (await looking.whoami(ADMIN)).read_only
    assert (await looking.sign_in("ada", PASSWORD, "?")).actor.read_only
    assert looking.database_name == services.database_name

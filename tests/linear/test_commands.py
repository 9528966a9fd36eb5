"""Each command, over the real use cases in memory."""

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.linear import looking
from jobmon_tui.linear.commands import COMMANDS, QUIT, do
from jobmon_tui.linear.console import EndOfInput
from jobmon_tui.linear.desk import Desk
from tests.tui.fake_services import ADA, ADMIN, VIC, VIEWER, FakeServices


class Script:
    """A console that remembers what was said and answers from a list."""

    def __init__(self, *answers: str) -> None:
        self.lines: list[str] = []
        self.answers = [*answers]

    def say(self, text: str) -> None:
        self.lines.append(text)

    def recite(self, text: str) -> None:
        self.lines.append(text)

    async def ask(self, question: str) -> str:
        self.lines.append(question)
        if not self.answers:
            raise EndOfInput
        return self.answers.pop(0)


class Stand:
    """A signed-in desk over memory."""

    def __init__(self, services: FakeServices, *answers: str, viewer: bool = False) -> None:
        self.services = services
        self.console = Script(*answers)
        caller, actor = (VIEWER, VIC) if viewer else (ADMIN, ADA)
        self.desk = Desk(self.console, services, caller, actor)  # type: ignore[arg-type]

    async def says(self, typed: str) -> str:
        self.console.lines = []
        await do(self.desk, typed)
        return "\n".join(self.console.lines)

    async def refusal(self, typed: str) -> str:
        with pytest.raises(JobmonError) as refused:
            await do(self.desk, typed)
        return refused.value.message


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


async def test_the_list_goes_on_where_it_ended(services: FakeServices) -> None:
    ids = [services.add("Sales") for _ in range(2 * looking.PAGE + 1)]
    stand = Stand(services)
    said = await stand.says("list")
    assert said.startswith("All executions:\n#")
    assert said.endswith("For older ones: more")
    assert f"#{ids[-1]} Sales: Failed" in said
    assert f"#{ids[looking.PAGE]} " not in said
    assert f"#{ids[looking.PAGE]} " in await stand.says("more")
    assert (await stand.says("MORE")).endswith("These were the oldest ones.")
    assert await stand.says("more") == "There are no older ones."


async def test_filters_in_words_and_in_the_search_language(services: FakeServices) -> None:
    services.add("Sales", Status.FAILED, error="boom")
    services.add("Stock", Status.SUCCEEDED)
    stand = Stand(services)
    assert "Failed and Cancelled executions" in await stand.says("status cancelled, failed")
    said = await stand.says("list")
    assert said.startswith("Failed and Cancelled executions:\n#1 Sales")
    assert "Stock" not in said
    await stand.says("all")
    assert "of the report Stock" in await stand.says("report sto")
    assert "with “boom” in their error, asked for by “ada”" in await stand.says("/error:boom by:ada")
    assert "#1 Sales" in await stand.says("list")
    assert "There are none of these" in await stand.says("/nothing") + await stand.says("list")
    assert "queued since" in await stand.says("since 2h")
    assert "status:" in await stand.refusal("search colour:red")
    assert "Search for what?" in await stand.refusal("search since:")
    assert "Search for what?" in await stand.refusal("/")
    assert "“blue” is no status" in await stand.refusal("status blue")
    assert "Which status?" in await stand.refusal("status")
    assert "is not a time" in await stand.refusal("since never")


async def test_what_has_changed_is_said_once(services: FakeServices) -> None:
    running = services.add("Sales", Status.RUNNING)
    stand = Stand(services)
    await looking.catch_up(stand.desk)
    assert (await stand.says("new")).startswith("Nothing has changed since ")
    services.move(running, Status.SUCCEEDED)
    for _ in range(looking.MOST_CHANGES):
        services.add("Stock", Status.QUEUED)
    said = (await stand.says("changes")).split("\n")
    assert said[0].endswith(f": {looking.MOST_CHANGES} queued, 1 succeeded.")
    assert said[1] == f"The last {looking.MOST_CHANGES} executions of these:"
    assert len(said) == looking.MOST_CHANGES + 2
    assert (await stand.says("new")).startswith("Nothing has changed since ")
    failed = services.add("Sales")
    told = (await stand.says("new")).split("\n")
    assert told[0].endswith(": 1 queued, 1 started, 1 failed.")
    assert [line.split(",")[0] for line in told[1:]] == [f"#{failed} Sales: Failed"]


async def test_one_execution_with_all_that_belongs_to_it(services: FakeServices) -> None:
    failed = services.add(
        "Sales", error="no such table", error_detail="no such table\nline 2", output="hello\t!\n"
    )
    stand = Stand(services)
    said = await stand.says(f"#{failed}")
    assert said.startswith(f"#{failed} Sales: Failed.\nError: no such table\nQueued ")
    assert said.endswith(f"More with: configuration {failed}, error {failed}, output {failed}")
    assert await stand.says(f"error {failed}") == f"The error of #{failed} Sales:\nno such table\nline 2"
    assert "hello\t!" in await stand.says(f"output #{failed}")
    assert '"name": "Sales"' in await stand.says(f"configuration {failed}")
    retried = await stand.says(f"retry {failed}")
    assert f"#{failed} was queued again as #{failed + 1}" in retried
    assert f"Retried as #{failed + 1}, which is Queued." in await stand.says(f"show {failed}")
    lineage = await stand.says(f"lineage {failed}")
    assert lineage.split("\n")[0].endswith("This is the one you asked for.")
    assert f"Job Retry of #{failed}, made #{failed + 1}: allowed" in await stand.says(f"audit {failed}")
    assert "Job Retry" in await stand.says("audit")
    quiet = services.add("Sales", Status.QUEUED)
    assert "has not started" in await stand.says(f"output {quiet}")
    assert "has no error" in await stand.says(f"error {quiet}")
    assert "has nothing about" in await stand.says(f"audit {quiet}")
    assert "before it" in await stand.says(f"show {quiet}")


async def test_long_output_is_said_from_both_ends(services: FakeServices) -> None:
    number = services.add("Sales", output="\n".join(f"line {n}" for n in range(1_000)))
    said = await Stand(services).says(f"output {number}")
    assert "line 199\nHere 600 lines left out. All that is kept: jobmon output" in said
    assert "\nline 800\n" in said
    assert "line 500\n" not in said


async def test_what_cannot_be_taken_back_needs_the_whole_word(services: FakeServices) -> None:
    running, queued = services.add("Sales", Status.RUNNING), services.add("Stock", Status.QUEUED)
    stand = Stand(services, "y", "Yes", "no", "yes")
    assert "Nothing was done." in await stand.says(f"cancel {running}")
    assert "is being stopped" in await stand.says(f"cancel {running}")
    assert "was cancelled" in await stand.says(f"x {queued}")
    assert "Nothing was done." in await stand.says("run sal")
    assert "Sales was queued as" in await stand.says("run sal")
    assert "Sales was queued as" in await stand.says("run Sales")
    assert "is paused" in await stand.says("pause Sales")
    assert "goes on" in await stand.says("resume Sales")
    assert "2 reports have" in await stand.refusal("run s")
    assert "There is no report named" in await stand.refusal("run nonsense")
    assert "Which report?" in await stand.refusal("run")


async def test_each_of_several_retries_is_answered(services: FakeServices) -> None:
    services.set_workers(0)
    first, done = services.add("Sales"), services.add("Sales", Status.SUCCEEDED)
    said = await Stand(services).says(f"retry {first}, {done} 99")
    assert "was queued again" in said
    assert "No worker is alive" in said
    assert "only a Failed execution can be retried" in said
    assert "There is no execution #99." in said


async def test_a_viewer_changes_nothing(services: FakeServices) -> None:
    number = services.add("Sales")
    running = services.add("Sales", Status.RUNNING)
    stand = Stand(services, viewer=True)
    assert "needs the role Administrator" in await stand.says(f"retry {number}")
    for typed in (f"cancel {running}", "run Sales", "pause Sales"):
        assert "needs the role Administrator" in await stand.refusal(typed)
    assert "vic, Viewer" in await stand.says("who")
    # Each was tried, and so each is in the audit log, once.
    noted = [each.entry.action for each in await services.audit(ADMIN, 10) if each.entry.actor == "vic"]
    assert noted == ["Report Change", "Job Run", "Job Cancel", "Job Retry"]


async def test_the_rest_and_the_help_that_names_it_all(services: FakeServices) -> None:
    services.add("Sales")
    stand = Stand(services)
    assert "1 report:\nSales: command, no schedule, last #1 Failed" in await stand.says("reports")
    assert "alive, runs 0 of at most 2" in await stand.says("workers")
    assert "1 Failed" in await stand.says("counts")
    services.set_workers(0)
    assert "No worker is alive" in await stand.says("workers") + await stand.says("counts")
    said = await stand.says("help")
    for command in COMMANDS:
        assert command.line in said
    assert await stand.says("help retry") == COMMANDS[[c.names[0] for c in COMMANDS].index("retry")].line
    names = [name for command in COMMANDS for name in command.names]
    assert len(names) == len(set(names))
    assert not QUIT & set(names)
    assert "Did you mean retry?" in await stand.refusal("rety 1")
    assert "All commands: help" in await stand.refusal("\x1b[A")
    assert "Say its number" in await stand.refusal("show")
    assert "is no number" in await stand.refusal("show " + "9" * 30)
    with pytest.raises(JobmonError) as refused:
        await do(stand.desk, "show 99")
    assert refused.value.code is ErrorCode.EXECUTION_NOT_FOUND

"""The conversation over pipes and files: what is typed comes from a test, what is said goes to one."""

import asyncio
import os
import pty
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jobmon_tui.cli import lines_wanted
from jobmon_tui.domain.errors import JobmonError, invalid_input, storage_unavailable
from jobmon_tui.domain.execution import Status
from jobmon_tui.linear.console import Console, EndOfInput, Interrupted
from jobmon_tui.linear.conversation import Conversation
from jobmon_tui.services.audited import token_hash
from jobmon_tui.tui.contracts import Connection, Extra, Options
from tests.tui.fake_services import ADMIN, PASSWORD, FakeServices


class Talk:
    """Runs a conversation to its end; `typed` are lines, then the input ends."""

    def __init__(self, folder: Path, services: FakeServices, token: str | None = ADMIN.token) -> None:
        self.folder = folder
        self.services = services
        self.token = token
        self.kept: list[str | None] = []
        self.outages = 0
        self.defect: JobmonError | None = None
        self.extra: Extra | None = None
        self.keeps: str | None = None

    async def hears(self, text: str) -> None:
        while text not in (self.folder / "said").read_text():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.01)

    async def connect(self) -> tuple[Connection, Options]:
        if self.defect is not None:
            raise self.defect
        if self.outages:
            self.outages -= 1
            raise storage_unavailable("The database is locked.")
        options = Options(origin="here", extra=self.extra)

        async def close() -> None:
            self.kept.append("closed")

        async def keep(token: str | None) -> str | None:
            self.kept.append(token)
            return self.keeps

        return Connection(self.services, self.token, None, keep, close, options), options

    async def run(self, *typed: str, while_it_runs: Callable[[], Awaitable[None]] | None = None) -> str:
        source, target = self.folder / "typed", self.folder / "said"
        source.write_text("".join(f"{line}\n" for line in typed))
        reading, writing = (
            os.open(source, os.O_RDONLY),
            os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        )
        if while_it_runs is not None:
            os.close(reading)
            reading, self.keyboard = os.pipe()
        console = Console(reading, writing)
        try:
            running = asyncio.create_task(Conversation(console, self.connect).run())
            if while_it_runs is not None:
                await while_it_runs()
            await running
        finally:
            console.close()
            os.close(reading)
            os.close(writing)
        return target.read_text()


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path, FakeServices())


async def test_from_a_file_each_line_is_a_command(talk: Talk) -> None:
    talk.services.add("Sales")
    said = await talk.run("list", "", "who", "nonsense", "quit", "never reached")
    assert "You are ada, Administrator." in said
    assert "#1 Sales: Failed" in said
    assert "There is no command “nonsense”." in said
    assert "never" not in said
    assert said.endswith("Goodbye.\n")
    assert talk.kept == ["closed"]


async def test_a_last_line_without_its_end_is_a_line(talk: Talk) -> None:
    async def typing() -> None:
        os.write(talk.keyboard, b"who")
        os.close(talk.keyboard)

    assert "signed in as ada" in await talk.run(while_it_runs=typing)


async def test_a_session_that_has_ended_and_a_wrong_password(talk: Talk) -> None:
    talk.token, talk.keeps = "old", "It cannot be kept."
    said = await talk.run("", "ada", "wrong", "ada", PASSWORD, "who")
    assert "Your session has ended. Sign in again." in said
    assert "Type the name of your account" in said
    assert "The name or the password is wrong." in said
    assert "signed in as ada" in said
    assert "It cannot be kept." in said
    assert PASSWORD not in said
    assert talk.kept[0]


async def test_a_session_that_ends_meanwhile_asks_again(talk: Talk) -> None:
    async def typing() -> None:
        os.write(talk.keyboard, b"who\n")
        await talk.hears("signed in as ada")
        await talk.services.sign_out(ADMIN)
        os.write(talk.keyboard, f"list\nvic\n{PASSWORD}\nwho\n".encode())
        os.close(talk.keyboard)

    said = await talk.run(while_it_runs=typing)
    assert "Your session has ended. Sign in again." in said
    assert "signed in as vic, Viewer" in said
    assert token_hash(ADMIN.token) not in said


async def test_the_first_administrator(tmp_path: Path) -> None:
    talk = Talk(tmp_path, FakeServices(accounts=False), None)
    said = await talk.run("schedule", "eve", "short", PASSWORD, "other one", PASSWORD, PASSWORD, "who")
    assert "is the name under which schedules act" in said
    assert "The password needs at least 8 characters." in said
    assert "These were two different passwords." in said
    assert "signed in as eve, Administrator" in said


async def test_somebody_else_was_the_first(tmp_path: Path) -> None:
    talk = Talk(tmp_path, FakeServices(accounts=False), None)

    async def typing() -> None:
        await talk.hears("Your name:")
        await talk.services.create_first_administrator("ann", PASSWORD, "there")
        os.write(talk.keyboard, f"eve\n{PASSWORD}\n{PASSWORD}\nann\n{PASSWORD}\nwho\n".encode())
        os.close(talk.keyboard)

    said = await talk.run(while_it_runs=typing)
    assert "Somebody has created the first account meanwhile. Sign in." in said
    assert "signed in as ann" in said


async def test_an_outage_is_said_and_tried_again(talk: Talk) -> None:
    talk.outages = 2
    said = await talk.run("", "", "who")
    assert said.count("The database is locked.\nPress Enter to try again, or type quit: ") == 2
    assert "signed in as ada" in said
    talk.outages = 1
    assert "Goodbye." in await talk.run("quit", "who")


async def test_an_outage_in_the_middle_is_one_line(talk: Talk) -> None:
    async def typing() -> None:
        os.write(talk.keyboard, b"who\n")
        await talk.hears("signed in as ada")
        talk.services.database.outage = "The database is locked."
        os.write(talk.keyboard, b"list\nwho\n")
        os.close(talk.keyboard)

    said = await talk.run(while_it_runs=typing)
    assert "The database is locked." in said
    assert said.count("signed in as ada") == 2


async def test_what_cannot_be_mended_by_trying_again_ends_it(talk: Talk) -> None:
    talk.defect = invalid_input("JOBMON_DATABASE_URL cannot be used.")
    with pytest.raises(JobmonError):
        await talk.run("", "")


async def test_one_more_command_of_the_starter(talk: Talk) -> None:
    done: list[str] = []

    async def mend() -> str:
        done.append("mended")
        return "It is in place now."

    talk.extra = Extra("p", "Put file", "p puts the file there.", mend, lambda: not done)
    said = await talk.run("help", "p", "p")
    assert said.count("p puts the file there.") == 2  # once by itself, once in the help
    assert said.count("It is in place now.") == 2


async def test_a_signal_ends_it_also_before_anybody_is_signed_in(talk: Talk) -> None:
    talk.token = None

    async def typing() -> None:
        await talk.hears("Name:")
        os.kill(os.getpid(), signal.SIGTERM)

    said = await talk.run(while_it_runs=typing)
    os.close(talk.keyboard)
    assert said.endswith("Goodbye.\n")
    assert talk.kept == ["closed"]


async def test_an_answer_cut_off_by_ctrl_c_does_nothing(talk: Talk) -> None:
    running = talk.services.add("Sales", Status.RUNNING)

    async def typing() -> None:
        os.write(talk.keyboard, f"cancel {running}\n".encode())
        await talk.hears("Type yes")
        os.kill(os.getpid(), signal.SIGINT)
        await talk.hears("Nothing was done.")
        os.close(talk.keyboard)

    assert "is being stopped" not in await talk.run(while_it_runs=typing)


async def test_on_a_terminal_a_secret_is_not_shown_and_ctrl_d_is_an_end() -> None:
    master, slave = pty.openpty()
    console = Console(slave, slave)
    os.write(master, b"ada\n")
    assert await console.ask("Name:") == "ada"
    secret = asyncio.create_task(console.ask_secret("Password:"))
    said = b""
    while b"Password: " not in said:
        said += await asyncio.to_thread(os.read, master, 1024)
    os.write(master, b"correct horse\n")
    assert await secret == "correct horse"
    os.write(master, b"seen\n")
    assert await console.ask("Command:") == "seen"
    os.write(master, b"\x04")
    with pytest.raises(EndOfInput):
        await console.ask("Command:")
    console.say("That was all.")
    while b"all.\r\n" not in said:
        said += await asyncio.to_thread(os.read, master, 1024)
    assert b"horse" not in said
    assert b"seen\r\n" in said
    assert not console.is_gone
    os.close(master)
    assert console.is_gone
    await asyncio.wait_for(console.gone(), 5)
    console.close()
    os.close(slave)


async def test_ctrl_c_breaks_off_what_is_being_said_and_no_more() -> None:
    reader, target = os.pipe()
    source, keyboard = os.pipe()
    console = Console(source, target)
    console.recite("much to say\n" * 100_000)
    asking = asyncio.create_task(console.ask("Command:"))
    said = b""
    while len(said) < 10_000:
        said += await asyncio.to_thread(os.read, reader, 4096)
    console.interrupt()
    while not said.endswith(b"\nCommand: "):
        said += await asyncio.to_thread(os.read, reader, 4096)
    assert len(said) < 200_000
    assert console.is_asking
    console.interrupt()
    with pytest.raises(Interrupted):
        await asking
    console.say("Still there.")
    console.close()
    assert os.read(reader, 4096).endswith(b"Still there.\n")
    for each in (reader, target, source, keyboard):
        os.close(each)


async def test_ctrl_c_while_it_connects_ends_it(talk: Talk) -> None:
    connecting = asyncio.Event()

    async def never() -> tuple[Connection, Options]:
        connecting.set()
        await asyncio.Event().wait()
        raise AssertionError

    talk.connect = never  # type: ignore[method-assign]

    async def typing() -> None:
        await connecting.wait()
        os.kill(os.getpid(), signal.SIGINT)

    assert await talk.run(while_it_runs=typing) == "Goodbye.\n"
    os.close(talk.keyboard)


async def test_nobody_reads_on(tmp_path: Path) -> None:
    source, keyboard = os.pipe()
    reader, target = os.pipe()
    console = Console(source, target)
    assert not console.is_gone
    os.close(reader)
    assert console.is_gone
    console.say("into nowhere")
    console.close()
    for each in (source, keyboard, target):
        os.close(each)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (("xterm", None, None), False),
        (("dumb", None, None), True),
        (("", None, None), True),
        (("dumb", "no", None), False),
        (("xterm", "1", None), True),
        (("xterm", None, "linear = true\n"), True),
        (("xterm", None, "linear = false\n"), False),
        (("xterm", "off", "linear = true\n"), False),
        (("xterm", None, "linear = [\n"), False),
    ],
)
def test_when_lines_are_wanted(
    said: tuple[str, str | None, str | None], wanted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    term, setting, file = said
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("JOBMON_CONFIG", raising=False)
    monkeypatch.delenv("JOBMON_LINEAR", raising=False)
    if setting is not None:
        monkeypatch.setenv("JOBMON_LINEAR", setting)
    if file is not None:
        (tmp_path / "jobmon-tui").mkdir()
        (tmp_path / "jobmon-tui" / "config.toml").write_text(file)
    assert lines_wanted.are_wanted() is wanted

"""The dashboard in real browsers: sign in, press `r`, read the toast; on the screen and read aloud.

`make browsers` runs this; nothing is left out where a browser is missing: it fails. Edge shares Chromium's
engine, and is not run here. Pictures are kept in the folder that JOBMON_BROWSER_PICTURES names.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browsers.bidi import Session, chromium, firefox
from tests.e2e.host import ADMIN, PASSWORD, Host
from tests.web.stage import children, failed_once, gone, until, web_command

BROWSERS = {"chromium": chromium, "firefox": firefox}
FOCUS = "document.getElementById('heard-focus').textContent"
MESSAGES = "document.getElementById('heard-messages').innerText"
PICTURES = os.environ.get("JOBMON_BROWSER_PICTURES")
TOAST = "“Sales” #1 was queued again as #2."

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The address and the process of the real `jobmon web`, over a database with a failed execution."""
    host = Host(tmp_path)
    host.sign_up()
    failed_once(host)
    with web_command(host) as (url, process):
        yield url, process.pid
    host.close()


@pytest.fixture(params=list(BROWSERS))
async def browser(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, Session]]:
    """A browser and its name."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with BROWSERS[request.param](Path(folder)) as session:
            yield request.param, session


async def keep_picture(name: str, session: Session) -> None:
    if PICTURES:
        await asyncio.sleep(1.0)  # what is said may be there before its frame is
        picture = await session.picture()
        await asyncio.to_thread(Path(PICTURES, f"{name}.png").write_bytes, picture)


async def test_sign_in_retry_and_read_the_toast(
    served: tuple[str, int], browser: tuple[str, Session]
) -> None:
    (url, server), (name, page) = served, browser
    await page.open(url)
    await page.until(f"{FOCUS} === 'Sign in. Name. field'")
    await keep_picture(f"{name}-sign-in", page)
    await page.type(ADMIN, "enter", PASSWORD, "enter")
    await page.until(f"{FOCUS}.includes('#1 Sales: Failed')")
    await page.type("right")
    await page.until(f"{FOCUS} === 'Retry job [Sales]'")
    await page.type("r")
    await page.until(f"{MESSAGES}.includes('{TOAST}')")
    await keep_picture(f"{name}-retried", page)
    await page.see(TOAST, "#2", "Queued")
    for element in ("heard-focus", "heard-messages"):
        live = f"document.getElementById('{element}')"
        assert await page.evaluate(f"{live}.getAttribute('aria-live')") == "polite"
        # Out of sight, but not out of what is read aloud.
        assert await page.evaluate(f"getComputedStyle({live}).display") != "none"
        assert await page.evaluate(f"getComputedStyle({live}).visibility") == "visible"
    assert not await page.evaluate("document.getElementById('heard-messages').innerHTML.includes('<b')")
    # Nothing came from elsewhere, and nothing that the page wanted was refused.
    assert {urlsplit(each).netloc for each in page.requested if not each.startswith("data:")} == {
        urlsplit(url).netloc
    }
    assert not [line for line in page.logged if line.startswith(("error", "warn"))], page.logged
    assert await page.evaluate("document.fonts.check('16px \"Roboto Mono\"')")
    [process] = children(server)
    await page.type("q")
    await page.until("document.getElementById('why').textContent.startsWith('You have left')")
    assert await page.evaluate("document.activeElement.id") == "again"
    await keep_picture(f"{name}-left", page)
    await gone([process])
    # Whoever comes next at this browser has to sign in.
    await page.type("enter")
    await page.until(f"{FOCUS} === 'Sign in. Name. field'")


async def test_a_closed_page_ends_its_dashboard_and_a_stopped_server_says_so(
    served: tuple[str, int], browser: tuple[str, Session]
) -> None:
    (url, server), (_, page) = served, browser
    await page.open(url)
    await page.until(f"{FOCUS} === 'Sign in. Name. field'")
    processes = children(server)
    await page.ask("browsingContext.navigate", context=page.page, url="about:blank", wait="complete")
    await gone(processes)
    # A link cannot make the page ask another server, nor stop it from starting.
    await page.ask(
        "browsingContext.navigate",
        context=page.page,
        url=f"{url}/?ping=http://192.0.2.1/&delay=1",
        wait="complete",
    )
    await page.until(f"{FOCUS} === 'Sign in. Name. field'")
    assert not [each for each in page.requested if "192.0.2.1" in urlsplit(each).netloc]
    os.kill(server, 15)
    await page.until("document.getElementById('why').textContent === 'The server was stopped.'")
    await until(lambda: not children(server))


async def test_another_page_cannot_connect(served: tuple[str, int], browser: tuple[str, Session]) -> None:
    (url, server), (_, page) = served, browser
    await page.open("about:blank")
    socket = url.replace("http", "ws") + "/ws?width=80&height=24"
    tried = f"new Promise((done) => {{ const s = new WebSocket('{socket}'); s.onopen = () => done('open'); "
    assert await page.evaluate(f"{tried} s.onerror = () => done('refused'); }})") == "refused"
    assert children(server) == []
    # The page's window is as wide as it is: the terminal takes all of it, and a smaller one too.
    await page.open(url, width=600, height=400)
    await page.until(f"{FOCUS} === 'Sign in. Name. field'")
    small = await page.see("jobmon - sign in")
    assert max(map(len, small.splitlines())) <= 66

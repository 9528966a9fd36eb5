"""The page, its files, and the headers that keep everything else out."""

import gzip
import re

import aiohttp
import pytest

from jobmon_tui.web.app import HEADERS
from jobmon_tui.web.assets import read_assets
from jobmon_tui.web.doors import public_site
from tests.web.stage import served, visit

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
ELSEWHERE = re.compile(r"""(?:https?:|wss?:|["'(=]\s*)//[a-z0-9.-]+\.[a-z]{2,}""", re.IGNORECASE)
NAMES = {"page.css", "page.js", "icon.svg", "textual.js", "xterm.css", "RobotoMono-VariableFont_wght.ttf"}


async def test_nothing_that_is_sent_names_another_host() -> None:
    assert ELSEWHERE.search('<link href="//fonts.example.com">')
    async with served("") as (url, _), aiohttp.ClientSession() as client:
        async with client.get(url) as answer:
            assert answer.status == 200
            page = await answer.text()
        wanted = set(re.findall(r'(?:src|href)="assets/([^"]+)"', page))
        assert wanted < NAMES
        assert ELSEWHERE.findall(page) == []
        for name in NAMES:
            async with client.get(f"{url}/assets/{name}") as answer:
                assert answer.status == 200
                sent = (await answer.read()).decode(errors="replace")
            # A licence names its authors' addresses; a comment asks nobody for anything. A namespace neither.
            sent = COMMENT.sub("", sent) if name.endswith(".css") else sent
            assert ELSEWHERE.findall(sent.replace("http://www.w3.org/", "")) == [], name
            fetched = re.findall(r"url\([\"']?([^)\"']+)", sent) if name.endswith(".css") else []
            assert set(fetched) <= NAMES


async def test_every_answer_forbids_what_comes_from_elsewhere() -> None:
    async with served("") as (url, _), aiohttp.ClientSession() as client:
        for path, status in (("/", 200), ("/assets/page.js", 200), ("/assets/none", 404), ("/ws", 403)):
            async with client.get(url + path) as answer:
                assert answer.status == status
                assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["font-src"] == "'self'"
    assert not re.search(r"[*]|https?:|unsafe-eval", HEADERS["Content-Security-Policy"])


async def test_only_the_page_and_its_files_are_there() -> None:
    async with served("") as (url, _), aiohttp.ClientSession() as client:
        for path in (
            "/assets/",
            "/assets/..%2fapp.py",
            "/assets/page.html",
            "/static/js/textual.js",
            "/download/x",
        ):
            async with client.get(url + path) as answer:
                assert answer.status == 404, path
                assert "jobmon_tui" not in await answer.text()
        async with client.post(url, data=b"x") as answer:
            assert answer.status == 405


async def test_a_file_that_the_browser_has_is_not_sent_again_and_is_compressed_for_who_takes_that() -> None:
    script = read_assets()["textual.js"]
    async with served("") as (url, _), aiohttp.ClientSession(auto_decompress=False) as client:
        address = f"{url}/assets/textual.js"
        async with client.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
            packed = await answer.read()
            tag = answer.headers["ETag"]
        assert gzip.decompress(packed) == script.content
        assert len(packed) < len(script.content) / 2
        async with client.get(address, headers={"Accept-Encoding": "identity"}) as answer:
            assert await answer.read() == script.content
        async with client.get(address, headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")


async def test_a_name_of_somebody_else_gets_no_page() -> None:
    public = public_site("https://jobs.example.org")
    async with served("", public=public) as (url, _), aiohttp.ClientSession() as client:
        for host, status in (("evil.example", 403), ("jobs.example.org", 200), ("localhost:1", 200)):
            async with client.get(url, headers={"Host": host}) as answer:
                assert answer.status == status
                assert ("textual.js" in await answer.text()) == (status == 200)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "localhost:1"},
    ],
    ids=["another page", "a page without origin", "a rebound name", "another name"],
)
async def test_no_foreign_page_can_open_the_web_socket(headers: dict[str, str]) -> None:
    async with served("raise SystemExit") as (url, site):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with visit(url, **headers):
                pass
        assert refused.value.status == 403
        assert site.places == 0

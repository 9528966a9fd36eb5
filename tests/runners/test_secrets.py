import time

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.runners.secrets import check_references, references, resolve


async def entries(name: str) -> str | None:
    return {"warehouse": "p@ss/w#rd"}.get(name)


async def test_references_are_resolved_wherever_they_stand() -> None:
    resolved = await resolve(
        {"a": "x${env:ONE}y", "b": ["${keyring:warehouse}", {"c": "${env:ONE}"}], "n": 1},
        {"ONE": "value"},
        entries,
    )
    assert resolved.parameters == {"a": "xvaluey", "b": ["p@ss/w#rd", {"c": "value"}], "n": 1}
    assert resolved.secrets == {"value", "p@ss/w#rd"}


async def test_a_password_is_encoded_in_the_user_part_of_a_url_and_nowhere_else() -> None:
    resolved = await resolve(
        {"u": "postgresql://me:${keyring:warehouse}@${env:HOST}/db?x=${env:HOST}"}, {"HOST": "h:1"}, entries
    )
    assert resolved.parameters["u"] == "postgresql://me:p%40ss%2Fw%23rd@h:1/db?x=h:1"


async def test_a_value_that_looks_like_a_reference_is_left_alone() -> None:
    resolved = await resolve({"a": "${env:A}"}, {"A": "${env:B}"}, entries)
    assert resolved.parameters["a"] == "${env:B}"


@pytest.mark.parametrize("text", ["${env:MISSING}", "${keyring:missing}"])
async def test_a_missing_one_is_named_and_no_value_is(text: str) -> None:
    with pytest.raises(JobmonError) as refused:
        await resolve({"x": {"y": text, "z": "${env:OTHER}"}}, {"OTHER": "topsecret"}, entries)
    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert text in refused.value.message
    assert "parameters.x.y" in refused.value.message
    assert "topsecret" not in refused.value.message


@pytest.mark.parametrize(
    "text", ["${env:JOBMON_TOKEN}", "${env:jobmon_token}", "${env:}", "${env:A B}", "${keyring:}"]
)
async def test_what_may_never_be_referenced_is_refused_early_and_late(text: str) -> None:
    with pytest.raises(JobmonError, match=r"parameters\.x: "):
        check_references({"x": text})
    with pytest.raises(JobmonError):
        await resolve({"x": text}, {"JOBMON_TOKEN": "t", "jobmon_token": "t", "": "e", "A B": "c"}, entries)


def test_other_dollars_are_no_references() -> None:
    assert references({"x": "$HOME ${HOME} ${x:-y} ${vault:z} $(env:A)"}) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@host/db",
        "postgresql+asyncpg://user:secret@host/db",
        "postgresql://:secret@host/db",
        "postgresql://user:sec@ret@host/db",
        "postgresql://user:half${keyring:x}@host/db",
        "postgresql://user@host/db?sslmode=require&password=secret",
    ],
)
def test_a_written_password_is_refused_without_repeating_it(url: str) -> None:
    for parameters in ({"source": url}, {"command": ["psql", url]}):
        with pytest.raises(JobmonError, match=r"keyring:NAME.*PGPASSWORD") as refused:
            check_references(parameters)
        assert "sec" not in refused.value.message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user@host:5432/db",
        "postgresql://user:${keyring:x}@host/db",
        "sqlite:////a:b@c/d",
        "http://h:80/@x",
    ],
)
def test_urls_without_a_password_pass(url: str) -> None:
    check_references({"source": url})


async def test_a_keyring_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from jobmon_tui.runners import keyring_lookup

    monkeypatch.setattr(keyring_lookup, "_ask", lambda _name: time.sleep(2))
    start = time.monotonic()
    with pytest.raises(keyring_lookup.NoKeyringError, match="did not answer"):
        await keyring_lookup.from_keyring("x", wait=0.1)
    assert time.monotonic() - start < 1


class TestKeyring:
    """Real keyring backends of the real package, chosen as it chooses them."""

    @pytest.fixture(autouse=True)
    def keep_the_backend(self) -> object:
        import keyring

        before = keyring.get_keyring()
        yield
        keyring.set_keyring(before)

    async def test_null_and_fail_are_no_keyring(self) -> None:
        import keyring.backends.fail
        import keyring.backends.null

        from jobmon_tui.runners.keyring_lookup import NoKeyringError, from_keyring

        for backend in (keyring.backends.null.Keyring(), keyring.backends.fail.Keyring()):
            keyring.set_keyring(backend)
            with pytest.raises(NoKeyringError, match="no keyring"):
                await from_keyring("x")

    async def test_a_trusted_one_is_found_in_a_chain_and_others_in_it_are_not_asked(self) -> None:
        import keyring
        from keyring.backend import KeyringBackend
        from keyring.backends.chainer import ChainerBackend

        from jobmon_tui.runners.keyring_lookup import from_keyring

        class Plain(KeyringBackend):
            priority = 0  # type: ignore[assignment]

            def get_password(self, service: str, username: str) -> str:
                raise AssertionError("a plain text keyring was asked")

            def set_password(self, service: str, username: str, password: str) -> None: ...

        class Trusted(KeyringBackend):
            priority = 0  # type: ignore[assignment]

            def get_password(self, service: str, username: str) -> str | None:
                return "value" if (service, username) == ("jobmon-tui", "x") else None

            def set_password(self, service: str, username: str, password: str) -> None: ...

        Trusted.__module__ = "keyring.backends.SecretService"

        class Chain(ChainerBackend):
            backends = (Plain(), Trusted())  # type: ignore[assignment]

        Chain.__module__ = ChainerBackend.__module__
        keyring.set_keyring(Chain())
        assert await from_keyring("x") == "value"
        assert await from_keyring("y") is None


def test_every_password_in_a_url_is_found_not_only_the_last() -> None:
    with pytest.raises(JobmonError):
        check_references({"s": "postgresql://h/db?password=written&sslpassword=${env:GIVEN}"})
    check_references({"s": "postgresql://h/db?password=${keyring:a}&sslpassword=${env:GIVEN}"})


@pytest.mark.parametrize("word", ["x" * 400_000, "a://" * 100_000, "a://b:" * 60_000, "a://?pwd" * 50_000])
async def test_long_words_are_searched_in_a_moment(word: str) -> None:
    began = time.perf_counter()
    check_references({"text": word})
    resolved = await resolve({"text": f"{word} ${{env:A}}"}, {"A": "value"}, entries)
    assert resolved.parameters["text"] == f"{word} value"
    # The worker's beat waits meanwhile; it took minutes once.
    assert time.perf_counter() - began < 5.0

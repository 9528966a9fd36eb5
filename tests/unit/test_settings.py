"""Settings: which source wins, and how a mistake is told."""

from pathlib import Path

import pytest

from jobmon_tui.config import load_settings, provenance
from jobmon_tui.database_location import PostgresLocation, SqliteLocation, parse_location
from jobmon_tui.domain.errors import ErrorCode, JobmonError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "OUTPUT_DIR", "TOKEN", "CONFIG", "CONCURRENCY", "SCHEDULER", "THEME"):
        monkeypatch.delenv(f"JOBMON_{name}", raising=False)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def _config(home: Path, text: str) -> Path:
    folder = home / ".config" / "jobmon-tui"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)
    return folder / "config.toml"


def _refusal(**flags: object) -> str:
    with pytest.raises(JobmonError) as refusal:
        load_settings(**flags)
    assert refusal.value.code is ErrorCode.INVALID_INPUT
    assert "\n" not in refusal.value.message
    return refusal.value.message


def test_the_defaults_lie_in_the_users_folders(home: Path) -> None:
    given = load_settings()
    assert given.database.path == home / ".local/share/jobmon-tui/jobmon.db"
    assert given.output_dir == home / ".local/share/jobmon-tui/reports"
    assert (given.concurrency, given.scheduler, given.token) == (4, "auto", "")


@pytest.mark.parametrize("wrong", ["0", "4097", "-1", "1.5", "true", "many"])
def test_the_bound_of_kept_output_is_checked(home: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    assert load_settings().output_kib == 64
    _config(home, "output_kib = 4096\n")
    assert load_settings().output_kib == 4096
    monkeypatch.setenv("JOBMON_OUTPUT_KIB", wrong)
    assert "JOBMON_OUTPUT_KIB" in _refusal()


def test_a_flag_beats_the_environment_beats_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _config(home, 'concurrency = 2\noutput_dir = "out"\ntoast_seconds = 1.5\n')
    assert load_settings().concurrency == 2
    # Relative to the file, wherever the program was started.
    assert load_settings().output_dir == path.parent / "out"
    monkeypatch.setenv("JOBMON_CONCURRENCY", "3")
    assert load_settings().concurrency == 3
    assert load_settings(concurrency=5).concurrency == 5
    assert load_settings(concurrency=None).concurrency == 3
    origins = {each.key: each.origin for each in provenance()}
    assert origins["concurrency"] == "JOBMON_CONCURRENCY"
    assert origins["toast_seconds"] == "config.toml:3"
    assert origins["theme"] == "default"
    assert {each.key: each.origin for each in provenance(concurrency=5)}["concurrency"] == "--concurrency"
    monkeypatch.setenv("JOBMON_CONCURRENCY", "")
    assert load_settings().concurrency == 2


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (
            "theme = 'x'\nconcurency = 2",
            'config.toml:2: unknown key "concurency"; did you mean "concurrency"?',
        ),
        ("concurrency = 0", "config.toml:1: concurrency: "),
        ("concurrency = 'many'", "config.toml:1: concurrency: "),
        ("concurrency = true", "config.toml:1: concurrency: "),
        ("# x\ntoast_seconds = nan", "config.toml:2: toast_seconds: "),
        ("scheduler = 'sometimes'", "config.toml:1: scheduler: "),
        ("output_dir = 3", "config.toml:1: output_dir: "),
        ("token = 'hunter2'", "config.toml:1: token: "),
        ("theme = ", "config.toml:1: this is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named_by_line_and_key(home: Path, text: str, start: str) -> None:
    _config(home, text)
    message = _refusal()
    assert message.startswith(start), message
    assert "hunter2" not in message


def test_a_mistake_elsewhere_names_the_variable_or_the_flag(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _refusal(concurrency=0).startswith("--concurrency: ")
    monkeypatch.setenv("JOBMON_SCHEDULER", "sometimes")
    assert _refusal().startswith("JOBMON_SCHEDULER: ")


def test_a_file_that_is_named_must_be_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBMON_CONFIG", str(home / "none.toml"))
    assert "none.toml" in _refusal()
    (home / "none.toml").write_text("concurrency = 9")
    assert load_settings().concurrency == 9


def test_the_token_comes_from_the_environment_alone_and_is_masked(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBMON_TOKEN", "hunter2")
    assert load_settings().token == "hunter2"
    assert "hunter2" not in repr(load_settings())
    assert "hunter2" not in repr(provenance())


@pytest.mark.parametrize(
    "url",
    [
        *("nonsense", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///x?mode=ro", "sqlite:/x"),
        *("mysql://u:hunter2@h/d", "postgresql://u:hunter2@h:port/d", "postgresql://u:hunter2#x@h/d"),
        *("://", "sqlite:///a\0b", "u:hunter2@h", "hunter2"),
    ],
)
def test_a_malformed_url_is_refused_and_echoes_no_password(url: str) -> None:
    with pytest.raises(JobmonError) as refusal:
        parse_location(url)
    assert refusal.value.code is ErrorCode.INVALID_INPUT
    assert "hunter2" not in refusal.value.message


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_a_server_s_password_is_never_shown(scheme: str) -> None:
    location = parse_location(
        f"{scheme}://bob:hunter2@db.example:6432/night?sslmode=require&password=hunter2"
    )
    assert isinstance(location, PostgresLocation)
    assert location.dsn == "postgresql://bob:hunter2@db.example:6432/night?sslmode=require&password=hunter2"
    assert location.url == "postgresql://bob@db.example:6432/night?sslmode=require"
    assert location.label == "PostgreSQL night on db.example"
    assert "hunter2" not in f"{location} {location!r} {location.identity} {location.place}"


def test_locations_are_absolute_and_tell_databases_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = parse_location("sqlite:///a.db")
    assert isinstance(relative, SqliteLocation)
    assert relative.path == tmp_path / "a.db"
    assert parse_location(relative.url) == relative
    assert parse_location("sqlite+aiosqlite:///a.db") == relative
    assert relative.identity == parse_location(f"sqlite:///{tmp_path}/x/../a.db").identity
    assert relative.identity != parse_location("sqlite:///b.db").identity


def test_queues_come_from_flags_the_environment_and_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOBMON_QUEUES", raising=False)
    assert load_settings().queues == ()
    _config(home, 'queues = ["reports", "default"]\n')
    assert load_settings().queues == ("reports", "default")
    monkeypatch.setenv("JOBMON_QUEUES", "nightly, reports,nightly")
    assert load_settings().queues == ("nightly", "reports")
    assert load_settings(queues=["a,b"]).queues == ("a,b",)
    shown = {row.key: (row.value, row.origin) for row in provenance(queues=["a", "b"])}
    assert shown["queues"] == ("a, b", "--queue")


@pytest.mark.parametrize("wrong", [",", "a,,b", "a\x1b[2J", "x" * 101])
def test_a_queue_needs_a_plain_name(home: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("JOBMON_QUEUES", wrong)
    assert "JOBMON_QUEUES" in _refusal()


def test_a_flag_that_names_no_queue_is_refused_by_its_name(home: Path) -> None:
    assert _refusal(queues=[""]).startswith("--queue: ")

"""Profiles: what they set, how one is chosen, what is said where it is not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobmon_tui.config import load_settings, provenance
from jobmon_tui.config_profiles import choose_profile
from jobmon_tui.domain.errors import JobmonError

FILE = """\
theme = "jobmon-light"
concurrency = 3
profile = "night"

[profiles.night]
concurrency = 7
output_dir = "out"

[profiles."day shift"]
read_only = true
lock_minutes = 0
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    monkeypatch.setenv("JOBMON_CONFIG", str(path))
    for name in ("JOBMON_PROFILE", "JOBMON_CONCURRENCY", "JOBMON_READ_ONLY", "JOBMON_THEME"):
        monkeypatch.delenv(name, raising=False)
    yield path
    choose_profile(None)


def _origins() -> dict[str, tuple[object, str]]:
    return {each.key: (each.value, each.origin) for each in provenance()}


def test_the_file_chooses_one_and_each_value_tells_its_line(file: Path) -> None:
    settings = load_settings()
    assert (settings.concurrency, settings.output_dir) == (7, file.parent / "out")
    told = _origins()
    assert told["concurrency"] == (7, "config.toml:6")
    assert told["theme"] == ("jobmon-light", "config.toml:1")
    assert told["profile"] == ("night", "config.toml:3")
    assert told["read_only"] == (False, "default")


def test_the_variable_wins_over_the_file_and_the_flag_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBMON_PROFILE", "day shift")
    settings = load_settings()
    assert (settings.concurrency, settings.read_only, settings.lock_minutes) == (3, True, 0)
    assert _origins()["profile"] == ("day shift", "JOBMON_PROFILE")
    choose_profile("night")
    assert load_settings().concurrency == 7
    assert _origins()["profile"] == ("night", "--profile")
    # The environment wins over a profile, as over the file.
    monkeypatch.setenv("JOBMON_CONCURRENCY", "9")
    assert _origins()["concurrency"] == (9, "JOBMON_CONCURRENCY")


def test_an_unknown_one_is_refused_with_those_that_exist(file: Path) -> None:
    choose_profile("nihgt")
    with pytest.raises(
        JobmonError, match=r"--profile: there is no profile “nihgt”. There are: “day shift”, “night”"
    ):
        load_settings()
    file.write_text("")
    with pytest.raises(JobmonError, match="The configuration file has none"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profiles.a]\nconcurency = 1\n", 'config.toml:2: unknown key "concurency"; did you mean "conc'),
        ("[profiles.a]\ntoken = 'x'\n", "config.toml:2: token: a session does not belong"),
        ("[profiles.a]\nprofile = 'b'\n", 'config.toml:2: unknown key "profile"'),
        ("profiles = 3\n", "profiles: write tables"),
        ("[profiles]\na = 3\n", "profiles: write tables"),
        ("profile = 3\n", "config.toml:1: profile: write a name"),
        ("profile = 'a'\n[profiles.a]\nconcurrency = 0\n", "config.toml:3: concurrency: must be"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(JobmonError, match=said):
        load_settings()

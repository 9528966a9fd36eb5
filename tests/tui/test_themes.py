"""The themes: what tells the statuses apart for every kind of eyes, and which names they answer to."""

from itertools import combinations

import pytest
from rich.color import Color, ColorSystem
from rich.style import Style
from textual.css.stylesheet import Stylesheet

from jobmon_tui.config import load_settings
from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.glyphs import GLYPHS, status_text
from jobmon_tui.domain.looks import THEME_NAMES, theme_called
from jobmon_tui.domain.plain_forms import FORMS, as_ascii
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.palettes import PALETTES, PALETTES_OF_16
from jobmon_tui.tui.themes import THEMES, next_theme
from jobmon_tui.tui.toasts import Kind
from tests.tui.colour_measures import BLINDNESS, VGA, Triple, contrast, difference, luminance, seen_with
from tests.tui.painted import segments
from tests.tui.shell_stage import Stage, signed_in_stage

AT_A_GLANCE = 10.0
"""CIEDE2000; where 2.3 is just noticed."""
OTHER_LIGHTNESS = 1.2
"""As a contrast ratio: for eyes without any colours."""
EYES = {
    "jobmon-deuteranopia": (None, "deuteranopia", "protanopia"),
    "jobmon-tritanopia": (None, "tritanopia"),
}


def triple(colour: str) -> Triple:
    return tuple(Color.parse(colour).get_truecolor())  # type: ignore[return-value]


def test_the_measures_give_the_published_figures() -> None:
    # The first, fifth-group and last pairs of the test data of Sharma, Wu and Dalal.
    assert difference((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert difference((50, 2.49, -0.001), (50, -2.49, 0.0009)) == pytest.approx(7.1792, abs=1e-4)
    assert difference((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514)) == pytest.approx(
        0.9082, abs=1e-4
    )
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x76, 0x76, 0x76), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)
    for rows in BLINDNESS.values():  # greys stay greys
        assert [sum(row) for row in rows] == pytest.approx([1, 1, 1], abs=1e-5)


@pytest.mark.parametrize(("theme", "eyes"), [(theme, each) for theme, some in EYES.items() for each in some])
def test_statuses_differ_for_eyes_without_one_kind_of_cones(theme: str, eyes: str | None) -> None:
    colours = PALETTES[theme].statuses
    assert set(colours) == {status.value.lower() for status in Status}
    for one, other in combinations(colours, 2):
        first, second = triple(colours[one]), triple(colours[other])
        assert difference(seen_with(eyes, first), seen_with(eyes, second)) >= AT_A_GLANCE, (one, other)
        assert contrast(first, second) >= OTHER_LIGHTNESS, (one, other)


def test_the_usual_theme_would_not_pass_for_these_eyes() -> None:
    colours = PALETTES["jobmon-dark"].statuses
    seen = [seen_with("deuteranopia", triple(colours[each])) for each in ("succeeded", "failed")]
    assert difference(*seen) < AT_A_GLANCE


@pytest.mark.parametrize("theme", EYES)
def test_with_16_colours_what_failed_still_stands_out(theme: str) -> None:
    colours = {status: triple(colour) for status, colour in PALETTES_OF_16[theme].statuses.items()}
    assert all(colour in VGA for colour in colours.values())
    for eyes in EYES[theme]:
        for other in {*colours} - {"failed"}:
            apart = difference(seen_with(eyes, colours["failed"]), seen_with(eyes, colours[other]))
            assert apart >= AT_A_GLANCE, other
    assert len({round(luminance(colour), 3) for colour in colours.values()}) > 2


@pytest.mark.parametrize("theme", [name for name, colours in PALETTES.items() if not colours.ansi])
def test_in_16_colours_each_is_one_of_the_16(theme: str) -> None:
    for name in PALETTES_OF_16[theme].statuses.values():
        assert triple(name) in VGA
        number = Color.parse(name).downgrade(ColorSystem.STANDARD).number
        assert VGA[number or 0] == triple(name)


def test_every_sign_has_a_shape_of_its_own_in_ascii_too() -> None:
    signs = list(GLYPHS.values())
    plain = [as_ascii(each) for each in signs]
    assert len(set(signs)) == len(set(plain)) == len(Status)
    assert all(len(each) == 1 and each in FORMS.values() for each in plain)
    assert as_ascii(status_text(Status.FAILED)) == "x Failed"
    assert len({as_ascii(kind.glyph) for kind in Kind}) == len(Kind)


def test_ctrl_t_goes_through_all_of_them() -> None:
    name, worn = THEME_NAMES[0], []
    for _ in THEMES:
        worn.append(name)
        name = next_theme(name)
    assert sorted(worn) == sorted(THEME_NAMES) == sorted(THEMES)
    assert name == THEME_NAMES[0]
    assert next_theme("textual-dark") == THEME_NAMES[0]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("jobmon-light", "jobmon-light"),
        ("light", "jobmon-light"),
        ("Ansi", "jobmon-ansi"),
        ("high-contrast", "jobmon-contrast"),
        ("tritanopia", "jobmon-tritanopia"),
        ("neon", None),
        ("", None),
    ],
)
def test_a_theme_has_a_short_name_too(said: str, meant: str | None) -> None:
    assert theme_called(said) == meant


async def test_the_setting_takes_every_theme() -> None:
    for name in THEME_NAMES:
        app = signed_in_stage(options=Options(origin="pts/1", theme=name.removeprefix("jobmon-"))).app()
        assert app.theme == "jobmon-dark"
        app.look(Options(origin="pts/1", theme=name))
        assert app.theme == name


def test_a_wrong_theme_is_refused_with_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBMON_THEME", "neon")
    with pytest.raises(JobmonError) as refused:
        load_settings()
    known = ", ".join(name.removeprefix("jobmon-") for name in THEME_NAMES)
    assert refused.value.message == f"JOBMON_THEME: There is no theme “neon”. There are: {known}."
    monkeypatch.setenv("JOBMON_THEME", "Light")
    assert load_settings().theme == "jobmon-light"


async def styles(stage: Stage, *keys: str) -> set[Style]:
    app = stage.app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        app.warned("take care")
        await pilot.pause(0.1)
        return {style for line in segments(app) for text, style in line if text.strip()}


async def test_no_color_paints_no_colour_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stage = signed_in_stage(options=Options(origin="pts/1", theme="jobmon-light"))
    for keys in ((), ("question_mark",), ("q",), ("ctrl+t",)):
        for style in await styles(stage, *keys):
            assert style.color is None or style.color.is_default
            assert style.bgcolor is None or style.bgcolor.is_default
    app = stage.app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+t")
        assert app.toasts.history[0].text.startswith("Without colours")


async def test_the_ansi_theme_takes_the_terminals_own_colours_only() -> None:
    found = await styles(signed_in_stage(options=Options(origin="pts/1", theme="ansi")))
    colours = {colour for style in found for colour in (style.color, style.bgcolor) if colour is not None}
    assert colours
    assert all(colour.is_system_defined for colour in colours)


@pytest.mark.parametrize("theme", ["jobmon-dark", "jobmon-light"])
async def test_what_is_painted_first_is_parsed_once_and_in_the_themes_colours(
    theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    reparse = Stylesheet.reparse

    def noted(sheet: Stylesheet) -> None:
        parsed.append(theme)
        reparse(sheet)

    monkeypatch.setattr(Stylesheet, "reparse", noted)
    app = Stage(failures=[invalid_input("No database.")]).app(Options(origin="pts/1", theme=theme))

    def background(name: str) -> str:
        worn = app.get_theme(name)
        assert worn is not None
        return str(worn.background).lower()

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not parsed
        assert app.screen.styles.background.hex6.lower() == background(theme)
        app.theme = after = next_theme(theme)
        await pilot.pause()
        assert parsed
        assert app.screen.styles.background.hex6.lower() == background(after)

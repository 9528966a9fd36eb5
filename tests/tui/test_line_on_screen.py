"""Of a frame only what differs is sent, and the screen looks the same: read by a terminal emulator."""

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import Color, ColorSystem
from rich.style import Style

from jobmon_tui.tui.on_screen import OnScreen
from jobmon_tui.tui.sgr import PLAIN, change, changed

WIDTH, HEIGHT = 80, 4

styles = st.builds(
    lambda text, ground, bold, reverse, underline: Style(
        color=text, bgcolor=ground, bold=bold, reverse=reverse, underline=underline
    ),
    st.sampled_from([None, "red", "bright_blue", "#5fd7ff", "default"]),
    st.sampled_from([None, "black", "bright_white", "#1c1c1c"]),
    *[st.sampled_from([None, True])] * 3,
)
# No text begins with a mark that belongs to what stands before it.
texts = st.text(alphabet="ab 1✓…é日\u0301🙂", min_size=1, max_size=8).map("a".__add__) | st.just(" " * 15)


def as_rich_writes(style: Style | None, text: str, system: ColorSystem) -> str:
    return style.render(text, color_system=system) if style is not None else text


@st.composite
def frames(draw: st.DrawFn) -> str:
    """Some places, some runs of text at each, then the cursor's place, as Textual paints."""
    system = draw(st.sampled_from([ColorSystem.EIGHT_BIT, ColorSystem.TRUECOLOR, ColorSystem.STANDARD]))
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        y, x = draw(st.integers(1, HEIGHT)), draw(st.sampled_from([1, 1, 12]))
        runs = draw(st.lists(st.tuples(st.none() | styles, texts), min_size=1, max_size=3))
        parts.append(f"\x1b[{y};{x}H" + "".join(as_rich_writes(*run, system) for run in runs))
    return draw(st.sampled_from(["", "\n\n"])) + "\n".join(parts) + f"\x1b[{draw(st.integers(1, HEIGHT))};1H"


def shown(screen: pyte.Screen) -> list[list[object]]:
    """What can be seen: of a blank with no line under it or over it, only its ground."""
    lines = []
    for y in range(HEIGHT):
        line: list[object] = []
        for x in range(WIDTH):
            cell = screen.buffer[y][x]
            blank = cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)
            line.append((cell.data, cell.bg) if blank else cell)
        lines.append(line)
    return [*lines, [screen.cursor.y, screen.cursor.x]]


@settings(max_examples=100, deadline=None)
@given(st.lists(frames(), min_size=1, max_size=4), st.booleans())
def test_the_screen_looks_as_if_every_frame_had_been_sent_whole(sequence: list[str], erases: bool) -> None:
    whole, lean = pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    whole.reset_mode(pyte.modes.DECAWM)
    lean.reset_mode(pyte.modes.DECAWM)
    whole_stream, lean_stream = pyte.Stream(whole), pyte.Stream(lean)
    on_screen = OnScreen(erases=erases)
    for frame in sequence:
        sent = on_screen.lean(frame)
        whole_stream.feed(frame.replace("\n", ""))
        lean_stream.feed(sent)
        assert shown(lean) == shown(whole), (frame, sent)


CODES = ["0", "", "1", "2", "3", "4", "7", "9", "22", "27", "31", "97", "39", "44", "104", "49", "53"]
codes = st.lists(
    st.sampled_from([*CODES, "38;5;111", "48;5;235", "38;2;1;2;3", "48;2;9;9;9"]), min_size=1, max_size=5
)


@settings(deadline=None)
@given(codes, codes)
def test_the_way_between_two_looks_leads_there(before: list[str], after: list[str]) -> None:
    one = changed(PLAIN, ";".join(before))
    other = changed(PLAIN, ";".join(after))
    way = change(one, other)
    assert way == "" if one == other else changed(one, way[2:-1]) == other
    assert len(way) <= len(f"\x1b[0;{';'.join(after)}m")


def line(text: str, *, y: int = 1, colour: str = "38;5;253;48;5;233") -> str:
    return f"\x1b[{y};1H\x1b[{colour}m{text}\x1b[0m\x1b[9;1H"


def test_the_same_again_is_nothing_and_one_digit_is_little() -> None:
    on_screen = OnScreen()
    on_screen.lean(line("#1 Running   12s"))
    assert on_screen.lean(line("#1 Running   12s")) == ""
    assert on_screen.lean(line("#1 Running   13s")) == "\x1b[1;15H3\x1b[9;1H"


def test_a_long_blank_is_erased_where_the_terminal_can() -> None:
    blank = "\x1b[1;1H\x1b[38;5;253;48;5;233m" + " " * 80 + "x\x1b[0m\x1b[9;1H"
    assert "\x1b[80X\x1b[80C" in OnScreen(erases=True).lean(blank)
    assert " " * 80 in OnScreen().lean(blank)


def test_another_place_of_the_cursor_is_sent() -> None:
    on_screen = OnScreen()
    on_screen.lean(line("x"))
    assert on_screen.lean("\x1b[3;1H") == "\x1b[3;1H"


def test_the_style_that_is_set_is_ended_once() -> None:
    on_screen = OnScreen()
    assert on_screen.plain() == ""
    on_screen.lean(line("x"))
    assert (on_screen.plain(), on_screen.plain()) == ("\x1b[0m", "")
    assert on_screen.lean(line("xy")) == "\x1b[1;2H\x1b[38;5;253;48;5;233my\x1b[9;1H"


def test_after_something_strange_in_a_frame_everything_is_sent_again() -> None:
    on_screen = OnScreen()
    on_screen.lean(line("x"))
    strange = "\x1b[1;1H\x1b]8;;http://x\x1b\\x\x1b]8;;\x1b\\"
    assert on_screen.lean(strange) == "\x1b[0m" + strange
    assert "x" in on_screen.lean(line("x"))


def test_a_forgotten_screen_is_painted_anew() -> None:
    on_screen = OnScreen()
    sent = on_screen.lean(line("x"))
    assert on_screen.lean(line("x")) == ""
    on_screen.forget()
    # And in its style, whatever the terminal's is now.
    assert on_screen.lean(line("x")) == sent.replace("H", "H\x1b[0m", 1)


def test_a_name_of_uncertain_width_is_sent_whole_with_all_that_follows_it() -> None:
    on_screen = OnScreen()
    on_screen.lean(line("#1 日本 Running 12s"))
    assert "#1 日本 Running 13s" in on_screen.lean(line("#1 日本 Running 13s"))
    # A list's end, which is its own widget, too: nobody knows what the line's beginning has pushed aside.
    end = "\x1b[1;20H\x1b[31m|\x1b[0m\x1b[9;1H"
    on_screen.lean(end)
    on_screen.lean(line("#1 日本 Running 14s"))
    assert "|" in on_screen.lean(end)


def test_colours_of_rich_are_read_as_it_writes_them() -> None:
    style = Style(color=Color.parse("#87afff"), bgcolor="#262626", bold=True)
    text = style.render("x", color_system=ColorSystem.EIGHT_BIT)
    look = changed(PLAIN, text[2 : text.index("m")])
    assert (look.attributes, look.text, look.ground) == (("1",), "38;5;111", "48;5;235")

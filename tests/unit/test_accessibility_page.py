"""docs/accessibility.md has every criterion of WCAG 2.1, A and AA, with tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/accessibility.md").read_text(encoding="utf-8")
# https://www.w3.org/TR/WCAG21/
NUMBERS = {
    "A": """1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1
    2.4.2 2.4.3 2.4.4 2.5.1 2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.3.1 3.3.2 4.1.1 4.1.2""",
    "AA": """1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7 3.1.2
    3.2.3 3.2.4 3.3.3 3.3.4 4.1.3""",
}


def criteria(level: str) -> dict[str, str]:
    """Return what is said of each criterion of a level, by its number."""
    part = PAGE.partition(f"## Level {level}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^- \*\*([\d.]+) [^*]+\*\*: ((?:.|\n(?!- ))+)", part, re.MULTILINE))


def test_every_criterion_is_on_the_page_in_its_level() -> None:
    numbers = {level: text.split() for level, text in NUMBERS.items()}
    assert {level: len(each) for level, each in numbers.items()} == {"A": 30, "AA": 20}
    assert {level: list(criteria(level)) for level in numbers} == numbers


@pytest.mark.parametrize("level", list(NUMBERS))
def test_every_criterion_names_a_test_that_is_there_or_why_it_does_not_apply(level: str) -> None:
    for number, said in criteria(level).items():
        named = re.findall(r"`(tests/[\w/.]+)::(test_\w+)`", said)
        assert named or said.startswith(("does not apply: ", "not met yet: ")), number
        for path, test in named:
            body = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test}\(", body, re.MULTILINE), f"{number}: no {test}"

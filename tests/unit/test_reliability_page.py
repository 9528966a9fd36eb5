"""The promises of docs/reliability.md name tests; each of them has to be there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_promise_names_a_test_that_is_there() -> None:
    page = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    promised = page.partition("## What is not promised")[0].split("\n- ")[1:]
    sentences = 0
    for promise in promised:
        file = ""
        named = re.findall(r"`(?:(tests/[\w/.]+)::)?(test_\w+)`", promise)
        for path, test in named:
            file = path or file
            body = (ROOT / file).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test}\(", body, re.MULTILINE), f"{file} has no {test}"
        # "The same test" is the one of the sentence before.
        assert named or "The same test" in promise, f"no test is named for: {promise}"
        sentences += 1
    assert sentences > 15

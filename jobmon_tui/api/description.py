"""The description of the API, `/openapi.json`: FastAPI's, with what it cannot know set right."""

from typing import Any, Final

from fastapi import FastAPI

from jobmon_tui.wire.problems import MEDIA_TYPE

_JSON: Final = "application/json"


def _mend(answers: dict[str, Any]) -> None:
    for status, each in answers.items():
        content = each.get("content", {})
        # FastAPI takes every model for the route's own media type; refusals are problem documents.
        if int(status) >= 400 and _JSON in content:
            content[MEDIA_TYPE] = content.pop(_JSON)


def describe(app: FastAPI) -> None:
    """Let the application describe itself as it is."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        found = made()
        if is_new:
            for path in found["paths"].values():
                for operation in path.values():
                    _mend(operation["responses"])
        return found

    app.openapi = openapi  # type: ignore[method-assign]

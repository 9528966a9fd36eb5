"""Which runners there are, and whether a report's parameters fit one of them.

Nothing of a runner is imported before it is asked for: the dashboard shows reports without knowing how they
run.
"""

import difflib
import importlib
import importlib.metadata
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.domain.text import one_line

if TYPE_CHECKING:
    from pydantic import BaseModel

    from jobmon_tui.runners.base import AnyRunner

GROUP: Final = "jobmon_tui.runners"
_BUILT_IN: Final = {
    "command": ("jobmon_tui.runners.command", "CommandRunner"),
    "sql": ("jobmon_tui.runners.sql", "SqlRunner"),
}


class Registry:
    """The built-in runners, and those that other packages add as entry points of `jobmon_tui.runners`."""

    def __init__(self) -> None:
        self._loaded: dict[str, AnyRunner] = {}
        self._added: dict[str, importlib.metadata.EntryPoint] | None = None

    def names(self) -> Sequence[str]:
        """Return the names of all runners, sorted. Imports none of them."""
        return sorted({*_BUILT_IN, *self._entry_points()})

    def runner(self, name: str) -> "AnyRunner":
        """Return a runner, imported now if it was not before. Raises `invalid_input`."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def check(
        self, runner: str, parameters: Mapping[str, object], base: Path | None = None
    ) -> dict[str, object]:
        """Return the parameters checked and in their normal form, as values that JSON knows.

        Relative paths in them are relative to `base`; without it they are refused. Raises `invalid_input`,
        naming the key.
        """
        # Imported here: it costs more than the rest of this module.
        secrets = importlib.import_module("jobmon_tui.runners.secrets")
        told = []
        try:
            secrets.check_references(parameters)
        except JobmonError as refusal:
            # Told together with what the model says: whoever fills a form in hears of it at once.
            told.append(refusal.message)
        try:
            model = self._validated(runner, parameters, base)
        except JobmonError as refusal:
            told.append(refusal.message)
        if told:
            raise invalid_input("; ".join(told))
        return model.model_dump(mode="json", exclude_none=True)

    def resolved(self, runner: str, parameters: Mapping[str, object], base: Path) -> "BaseModel":
        """Return the model of parameters whose references are resolved. Raises `invalid_input`."""
        return self._validated(runner, parameters, base)

    def _validated(self, name: str, parameters: Mapping[str, object], base: Path | None) -> "BaseModel":
        pydantic = importlib.import_module("pydantic")
        model: type[BaseModel] = self.runner(name).parameters
        try:
            return model.model_validate(dict(parameters), context={"base": base})
        except pydantic.ValidationError as error:
            # `from None`: the other one quotes the values, and they may be secrets.
            raise _refusal(error.errors(include_url=False), model) from None

    def _entry_points(self) -> dict[str, importlib.metadata.EntryPoint]:
        if self._added is None:
            found = importlib.metadata.entry_points(group=GROUP)
            # A package must not take the place of what the house brings.
            self._added = {point.name: point for point in found if point.name not in _BUILT_IN}
        return self._added

    def _load(self, name: str) -> "AnyRunner":
        if name in _BUILT_IN:
            module, attribute = _BUILT_IN[name]
            found: object = getattr(importlib.import_module(module), attribute)
        elif name in self._entry_points():
            try:
                found = self._entry_points()[name].load()
            except (ImportError, AttributeError, SyntaxError) as error:
                raise invalid_input(
                    f"runner: {name} cannot be loaded ({type(error).__name__}: {one_line(str(error), 120)}); "
                    "repair or remove the package that brings it."
                ) from error
        else:
            raise invalid_input(_unknown("runner: ", name, self.names()))
        made = found() if inspect.isclass(found) else found
        if not inspect.isclass(getattr(made, "parameters", None)) or not callable(getattr(made, "run", None)):
            raise invalid_input(f"runner: {name} is not a runner: it needs `parameters` and `run`.")
        runner: AnyRunner = made  # type: ignore[assignment]  # looked at above; types from outside bind nobody
        return runner


def _refusal(errors: Sequence[Mapping[str, Any]], model: "type[BaseModel]") -> JobmonError:
    told = [_told(error, model) for error in errors[:3]]
    if len(errors) > len(told):
        told.append(f"and {len(errors) - len(told)} more")
    return invalid_input("; ".join(told))


def _told(error: Mapping[str, Any], model: "type[BaseModel]") -> str:
    """Say one of pydantic's errors in our words, and never the value: it may be a secret."""
    place = list(error["loc"])
    key = "parameters" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    key = one_line(key, 120)
    context: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden" if len(place) == 1:
            return _unknown("parameters.", str(place[0]), sorted(model.model_fields))
        case "extra_forbidden":
            return f"{key}: is not known"
        case "missing":
            return f"{key}: is missing"
        case "literal_error" | "enum":
            expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
            return f"{key}: must be one of {expected}"
        case "string_type":
            return f"{key}: must be text"
        case "list_type":
            return f"{key}: must be a list"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{key}: must be a table of names and values"
        case "int_type" | "float_type" | "int_parsing" | "float_parsing":
            return f"{key}: must be a number"
        case "bool_type" | "bool_parsing":
            return f"{key}: must be true or false"
        case "value_error":
            return f"{key}: {context.get('error', 'is not valid')}"
    # The rest comes from the models of others; pydantic's own words name limits, not values.
    return f"{key}: {one_line(str(error['msg']), 160)}"


def _unknown(prefix: str, name: str, known: Sequence[str]) -> str:
    shown = one_line(name, 60)
    near = difflib.get_close_matches(name[:60], known, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    if prefix == "runner: ":
        return f"runner: {shown} is not known; known are {', '.join(known)}"
    return f"{prefix}{shown}: is not known; {hint}"

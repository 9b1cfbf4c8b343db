"""Turns pydantic's errors into errors of a sweep file: line, key, what was given, what is allowed, the closest name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lightning_sweeps.errors import Fault
from lightning_sweeps.sweeps.distributions import MODELS, Nested, form_of
from lightning_sweeps.sweeps.fields import FAULT, Section, closest, shown
from lightning_sweeps.sweeps.methods import METHODS
from lightning_sweeps.sweeps.yaml12 import Document, Path, dotted

Sections = Mapping[Path, type[Section]]

PARAMETER_FORMS = "`value`, `values`, `min` and `max`, a `distribution` with its keys, or nested `parameters`"

_TYPE_NAMES = {
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "string_type": "a string",
}


def faults_of(error: ValidationError, raw: dict[str, Any], document: Document, sections: Sections) -> list[Fault]:
    """Return one `Fault` for each of pydantic's errors.

    Args:
        error: what pydantic raised.
        raw: the sweep file as a map.
        document: the file, for line numbers.
        sections: the model of each map in the file, except maps of parameters.
    """
    return [_fault(detail, raw, document, sections) for detail in error.errors(include_url=False)]


def _fault(detail: ErrorDetails, raw: dict[str, Any], document: Document, sections: Sections) -> Fault:
    path: Path = tuple(part for part in detail["loc"] if not (isinstance(part, str) and part.startswith("<")))
    return Fault(document.line(path), dotted(path), _message(detail, path, raw, sections))


def _message(detail: ErrorDetails, path: Path, raw: dict[str, Any], sections: Sections) -> str:
    kind, given = detail["type"], detail["input"]
    if kind == FAULT:
        return str(detail["msg"])
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), path[:-1], raw, sections)
    if kind == "missing":
        return f"is missing{_wanted(path)}"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _no_form(given)
    if path == ("metric",) and isinstance(given, str):
        return (
            f"is {shown(given)}, allowed: a map; write `metric: {{name: {given}, goal: {raw.get('goal', 'minimize')}}}`"
        )
    if kind in _TYPE_NAMES:
        return f"is {shown(given)}, allowed: {_TYPE_NAMES[kind]}"
    if kind in ("too_short", "min_length"):
        few = {1: "one entry", 2: "two entries"}.get(detail["ctx"].get("min_length", 1), "more entries")
        return f"{'has too few entries' if given else 'is empty'}, allowed: at least {few}"
    if kind == "literal_error":
        return f"is {shown(given)}, allowed: {detail['ctx']['expected']}"
    return f"is {shown(given)}: {detail['msg']}"


def _no_form(given: object) -> str:
    if not isinstance(given, dict):
        return f"is {shown(given)}, allowed: a map with {PARAMETER_FORMS}; for a fixed value write `value: ...`"
    if "distribution" in given:
        word = given["distribution"]
        return f"has the `distribution` `{word}`, allowed: {', '.join(MODELS)}{closest(str(word), list(MODELS))}"
    possible = [f"`{name}`" for name, model in MODELS.items() if given and set(given) <= set(model.model_fields)]
    if possible:
        named = ", ".join(f"`{key}`" for key in given)
        return f"has {named}, and `distribution` is missing, allowed with these keys: {', '.join(possible)}"
    known = ["value", "values", "min", "max", "distribution", "parameters", "probabilities", "q", "mu", "sigma"]
    keys = [f"`{key}`{closest(str(key), known)}" for key in given]
    return f"has {'the keys ' + ', '.join(keys) if keys else 'no keys'}, allowed: {PARAMETER_FORMS}"


def _unknown_key(key: str, path: Path, raw: dict[str, Any], sections: Sections) -> str:
    if (*path, key) == ("goal",):
        metric = raw.get("metric")
        name = metric.get("name", "...") if isinstance(metric, dict) else metric or "..."
        return f"is a key of `metric`; write `metric: {{name: {name}, goal: {raw['goal']}}}`"
    fields = list(_model_at(path, raw, sections).model_fields)
    where = "of a sweep file" if not path else f"of `{dotted(path)}`"
    form = _distribution_note(path, raw)
    return f"is not a key {where}{form}, allowed: {', '.join(fields)}{closest(key, fields)}"


def _distribution_note(path: Path, raw: dict[str, Any]) -> str:
    if not path or path[0] != "parameters":
        return ""
    form = form_of(_at(path, raw))
    return f" with the distribution `{form}`" if form and form != "nested" else ""


def _model_at(path: Path, raw: dict[str, Any], sections: Sections) -> type[Section]:
    """Return the model of the map at `path`."""
    if path in sections:
        return sections[path]
    form = form_of(_at(path, raw)) or "nested"
    return Nested if form == "nested" else MODELS[form]


def _at(path: Path, raw: Any) -> Any:
    for part in path:
        raw = raw.get(part) if isinstance(raw, dict) else None
    return raw


def _wanted(path: Path) -> str:
    notes: dict[Path, str] = {
        ("method",): f", allowed: {', '.join(METHODS.names())}",
        ("parameters",): ", allowed: a map with at least one parameter",
        ("metric", "name"): ", allowed: the key that your program logs",
    }
    return notes.get(path, "")

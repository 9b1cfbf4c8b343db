"""Turns a trial's parameters into words of its command line, in the form that the sweep's `args` names.

`wandb` is what W&B does: one word for each parameter of the top level, with Python's notation for values, such as
`--optimizer={'lr': 0.001}` and `--seed=None`. `dotted` is what LightningCLI parses: `--optimizer.lr=0.001`, with JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.agents.launch.hydra import hydra_value

SURROGATES = re.compile(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")
"""JSON's escape for a character beyond 16 bits. YAML, which LightningCLI parses, does not have such pairs."""

ENV_PROGRAM = "/usr/bin/env"

Value = Any
"""A parameter's value, of any JSON type."""


@dataclass(frozen=True, slots=True)
class Form:
    """How parameters become words.

    Attributes:
        is_dotted: whether nested parameters are words of their own, with dotted names.
        text: returns a value as one word.
    """

    is_dotted: bool
    text: Callable[[Value], str]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The parameters of a trial.

    Attributes:
        nested: as the search gives them.
        flat: by dotted name.
        form: how they become words.
    """

    nested: Mapping[str, Value]
    flat: Mapping[str, Value]
    form: Form

    @classmethod
    def of(cls, config: Mapping[str, Any], params: Mapping[str, Value]) -> Arguments:
        """Return the parameters of a trial of this sweep."""
        given = config.get("args")
        form = FORMS[given] if isinstance(given, str) else WANDB
        return cls(params, dict(flatten(params, config.get("parameters") or {})), form)

    def words(self, pattern: str = "--{}={}") -> list[str]:
        """Return one word for each parameter."""
        return [pattern.format(name, self.form.text(value)) for name, value in self._items()]

    def without_equals(self) -> list[str]:
        """Return two words for each parameter, its option and its value."""
        return [word for name, value in self._items() for word in (f"--{name}", self.form.text(value))]

    def without_boolean_flags(self) -> list[str]:
        """Return one word for each parameter; a true one is an option without a value, a false one is left out."""
        return [
            f"--{name}" if value is True else f"--{name}={self.form.text(value)}"
            for name, value in self._items()
            if value is not False
        ]

    def for_hydra(self, prefix: str) -> list[str]:
        """Return one override of Hydra for each parameter."""
        return [f"{prefix}{name}={hydra_value(value)}" for name, value in self.flat.items()]

    def dotted(self) -> Arguments:
        """Return these parameters in dotted form."""
        return Arguments(self.nested, self.flat, DOTTED)

    def find(self, name: str) -> str | None:
        """Return the text of a parameter by its dotted name, or None if the trial has no such parameter."""
        for values in (self.flat, self.nested):
            if name in values:
                return self.form.text(values[name])
        return None

    def _items(self) -> Iterator[tuple[str, Value]]:
        yield from (self.flat if self.form.is_dotted else self.nested).items()


def flatten(params: Mapping[str, Value], specs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Value]]:
    """Yield the dotted name and value of each parameter.

    Args:
        params: the trial's parameters.
        specs: the sweep's `parameters`. A map is nested only if its spec is; otherwise it is a value.
        prefix: beginning of each name.
    """
    for name, value in params.items():
        inner = _inner(specs.get(name))
        if isinstance(value, Mapping) and inner is not None:
            yield from flatten(value, inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def names_of(specs: Mapping[str, Any]) -> set[str]:
    """Return the names that macros may use: of each parameter, dotted, and of each map of parameters at the top."""
    return {*specs, *_dotted_names(specs)}


def _dotted_names(specs: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, spec in specs.items():
        inner = _inner(spec)
        if inner is None:
            yield f"{prefix}{name}"
        else:
            yield from _dotted_names(inner, f"{prefix}{name}.")


def _inner(spec: object) -> Mapping[str, Any] | None:
    """Return the nested parameters of a parameter; None if it has none."""
    inner = spec.get("parameters") if isinstance(spec, Mapping) else None
    return inner if isinstance(inner, Mapping) else None


def _json_text(value: Value) -> str:
    """Return a value as one word: text unchanged, numbers and booleans as Python prints them, others as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    return SURROGATES.sub(lambda pair: str(json.loads(f'"{pair.group()}"')), json.dumps(value))


WANDB = Form(is_dotted=False, text=str)
DOTTED = Form(is_dotted=True, text=_json_text)

FORMS: dict[str, Form] = {"wandb": WANDB, "dotted": DOTTED}
"""The values of `args` in a sweep file."""

MANY_WORDS: dict[str, Callable[[Arguments], list[str]]] = {
    "env": lambda _: [ENV_PROGRAM],
    "args": lambda arguments: arguments.words(),
    "args_dotted": lambda arguments: arguments.dotted().words(),
    "args_no_hyphens": lambda arguments: arguments.words("{}={}"),
    "args_no_equals": Arguments.without_equals,
    "args_no_boolean_flags": Arguments.without_boolean_flags,
    "args_append_hydra": lambda arguments: arguments.for_hydra("+"),
    "args_override_hydra": lambda arguments: arguments.for_hydra("++"),
}
"""Macros that expand to any number of words, so each must be a separate token."""

"""Sweep files drawn from the grammar: a program parses the values that the search chose, in both forms of arguments.

Each file is written as JSON, as YAML 1.2 in block style, and as YAML 1.1 by PyYAML, which W&B reads its files with.
"""

from __future__ import annotations

import ast
import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_sweeps.agents.launch.arguments import FORMS
from lightning_sweeps.agents.launch.command import CommandContext, build_command
from lightning_sweeps.core.macros import KNOWN_MACROS
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.sweeps.config import ParsedSweep, parse_sweep
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.preview import first_points
from tests.agents.test_round_trip import anything, same

CONTEXT = CommandContext(sys.executable, {}, TrialFolder(Path("/h/trials/t1")), processes=1, launch_id="t1-0")
PARSERS: dict[str, Callable[[str], Any]] = {"wandb": ast.literal_eval, "dotted": json.loads}

whole = st.integers(-1000, 1000)
real = st.floats(-1000, 1000)
positive = st.floats(1e-6, 1000)
exponent = st.floats(-20, 20)
step = st.sampled_from([1, 2, 5, 0.1, 0.25, 1e-3])


def bounds(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    pairs = st.lists(values, min_size=2, max_size=2, unique=True)
    return pairs.map(lambda pair: {"min": min(pair), "max": max(pair)})


def law(name: str, keys: st.SearchStrategy[dict[str, Any]], *, has_q: bool) -> st.SearchStrategy[dict[str, Any]]:
    stated = keys.map(lambda given_keys: {"distribution": name, **given_keys})
    return st.builds(lambda leaf, q: leaf | {"q": q}, stated, step) if has_q else stated


def shape(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


KEYS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "uniform": bounds(whole | real),
    "log_uniform_values": bounds(positive),
    "log_uniform": bounds(exponent),
    "normal": shape(mu=real, sigma=st.floats(0.1, 10)),
    "log_normal": shape(mu=exponent, sigma=st.floats(0.1, 5)),
    "beta": shape(a=st.floats(0.5, 9), b=st.floats(0.5, 9)),
}

leaves = st.one_of(
    st.builds(lambda value: {"value": value}, anything),
    st.builds(lambda value: {"distribution": "constant", "value": value}, anything),
    st.builds(lambda values: {"values": values}, st.lists(anything, min_size=1, max_size=4)),
    st.builds(lambda value: {"distribution": "categorical", "values": [value, value]}, anything),
    st.builds(lambda first, second: {"values": [first, second], "probabilities": [0.25, 0.75]}, anything, anything),
    bounds(whole | real),
    law("int_uniform", bounds(whole), has_q=False),
    law("inv_log_uniform", KEYS["log_uniform"], has_q=False),
    law("inv_log_uniform_values", KEYS["log_uniform_values"], has_q=False),
    *(law(name, keys, has_q=False) for name, keys in KEYS.items()),
    *(law(f"q_{name}", keys, has_q=True) for name, keys in KEYS.items()),
)
names = st.from_regex(r"[A-Za-z_+~/@][A-Za-z0-9_.@/+-]{0,5}", fullmatch=True).filter(
    lambda name: name not in KNOWN_MACROS
)
maps = st.recursive(
    st.dictionaries(names, leaves, min_size=1, max_size=3),
    lambda inner: st.dictionaries(names, leaves | inner.map(lambda part: {"parameters": part}), min_size=1, max_size=3),
    max_leaves=4,
)


class BlockStyle(yaml.SafeDumper):
    """Writes YAML that versions 1.1 and 1.2 read alike, because all text is in quotes."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"')


BlockStyle.add_representer(str, BlockStyle.represent_text)

WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "JSON": json.dumps,
    "YAML 1.2": lambda raw: yaml.dump(raw, Dumper=BlockStyle, sort_keys=False, allow_unicode=True),
    "YAML 1.1": lambda raw: yaml.safe_dump({"yaml": 1.1, **raw}, sort_keys=False, allow_unicode=True),
}


def read(parameters: dict[str, Any], *, writer: str = "JSON", **keys: Any) -> ParsedSweep:
    """Return the sweep of a file with these parameters, read from its text."""
    return parse_sweep(WRITERS[writer]({"method": "random", "program": "t.py", "parameters": parameters, **keys}))


def parser_of(value: Any, form: str) -> Callable[[str], Any]:
    """Return the function with which a program parses a parameter with this value."""
    if isinstance(value, bool):
        return ast.literal_eval
    if isinstance(value, str):
        return str
    if isinstance(value, int):
        return int
    return float if isinstance(value, float) else PARSERS[form]


def dotted(params: dict[str, Any], specs: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in params.items():
        if "parameters" in specs[name]:
            yield from dotted(value, specs[name]["parameters"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def allows(spec: dict[str, Any], value: Any) -> bool:
    """Return whether a file that states this allows a value. Bounds that are exponents allow everything."""
    if "parameters" in spec:
        return list(value) == sorted(spec["parameters"]) and all(
            allows(inner, value[name]) for name, inner in spec["parameters"].items()
        )
    if "value" in spec or "values" in spec:
        return any(same(value, listed) for listed in spec.get("values", [spec.get("value")]))
    if "min" in spec and spec.get("distribution") not in EXPONENTS:
        is_inside: bool = spec["min"] <= value <= spec["max"]
        return is_inside
    return isinstance(value, int | float)


EXPONENTS = {"log_uniform", "q_log_uniform", "inv_log_uniform"}


def point_of(parsed: ParsedSweep) -> dict[str, Any]:
    (params,) = first_points(SweepDefinition.of(parsed.config), seed=1, count=1)
    return params


def has_clear_names(parameters: dict[str, Any]) -> bool:
    """Return whether no two parameters have the same dotted name: `a.b` and `b` nested in `a`."""
    found = list(dotted_names(parameters))
    return len(found) == len(set(found))


def dotted_names(specs: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, spec in specs.items():
        if "parameters" in spec:
            yield from dotted_names(spec["parameters"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40)
@given(parameters=maps.filter(has_clear_names))
def test_a_program_parses_what_was_chosen(form: str, writer: str, parameters: dict[str, Any]) -> None:
    parsed = read(parameters, writer=writer, args=form)
    params = point_of(parsed)
    assert allows({"parameters": parameters}, params)
    words = build_command(parsed.raw, params, context=CONTEXT)[2:]
    expected = dict(dotted(params, parameters)) if form == "dotted" else params
    parser = ArgumentParser(allow_abbrev=False, add_help=False)
    for name, value in expected.items():
        parser.add_argument(f"--{name}", dest=name, type=parser_of(value, form))
    assert same(vars(parser.parse_args(words)), expected)


def pairs(words: list[str]) -> dict[str, str]:
    """Return name and text of words like `name=text`."""
    return {name: text for name, _, text in (word.partition("=") for word in words)}


def flags(words: list[str]) -> dict[str, str]:
    """Return the same of options, of which one without a text is true."""
    return {word[2:].partition("=")[0]: word.partition("=")[2] if "=" in word else "True" for word in words}


MACROS: dict[str, Callable[[list[str]], Mapping[str, str]]] = {
    "args": flags,
    "args_no_hyphens": pairs,
    "args_no_equals": lambda words: {name[2:]: text for name, text in zip(words[::2], words[1::2], strict=True)},
    "args_no_boolean_flags": flags,
}
"""How a program gets name and text of each parameter from the words of a macro."""


@pytest.mark.parametrize("macro", MACROS)
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40)
@given(parameters=maps.filter(has_clear_names))
def test_every_macro_gives_what_was_chosen(form: str, macro: str, parameters: dict[str, Any]) -> None:
    parsed = read(parameters, args=form, command=["${program}", f"${{{macro}}}"])
    params = point_of(parsed)
    expected = dict(dotted(params, parameters)) if form == "dotted" else params
    if macro == "args_no_boolean_flags":
        expected = {name: value for name, value in expected.items() if value is not False}
    texts = MACROS[macro](build_command(parsed.raw, params, context=CONTEXT)[1:])
    assert same({name: parser_of(expected[name], form)(text) for name, text in texts.items()}, expected)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40)
@given(parameters=maps.filter(has_clear_names))
def test_a_word_with_a_parameter_gives_what_was_chosen(form: str, parameters: dict[str, Any]) -> None:
    names_in_words = list(dotted_names(parameters))
    command = ["${program}", *(f"<{name}>=${{{name}}}" for name in names_in_words), "${args_json}", "${args_dict}"]
    parsed = read(parameters, args=form, command=command)
    params = point_of(parsed)
    *words, as_json, as_map = build_command(parsed.raw, params, context=CONTEXT)[1:]
    assert as_map == as_json
    expected = dict(dotted(params, parameters))
    values = {name.strip("<>"): text for name, text in pairs(words).items()}
    assert same(json.loads(as_json), params)
    assert same({name: parser_of(expected[name], form)(values[name]) for name in expected}, expected)

"""Sweep files drawn from the grammar: a program parses the values that the search chose, in both forms of arguments."""

from __future__ import annotations

import ast
import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_sweeps.agents.launch.arguments import FORMS
from lightning_sweeps.agents.launch.command import CommandContext, build_command
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
    "uniform": bounds(real),
    "log_uniform_values": bounds(positive),
    "log_uniform": bounds(exponent),
    "normal": shape(mu=real, sigma=st.floats(0.1, 10)),
    "log_normal": shape(mu=exponent, sigma=st.floats(0.1, 5)),
    "beta": shape(a=st.floats(0.5, 9), b=st.floats(0.5, 9)),
}

leaves = st.one_of(
    st.builds(lambda value: {"value": value}, anything),
    st.builds(lambda values: {"values": values}, st.lists(anything, min_size=1, max_size=4)),
    st.builds(lambda first, second: {"values": [first, second], "probabilities": [0.25, 0.75]}, anything, anything),
    bounds(whole),
    law("int_uniform", bounds(whole), has_q=False),
    law("inv_log_uniform", KEYS["log_uniform"], has_q=False),
    law("inv_log_uniform_values", KEYS["log_uniform_values"], has_q=False),
    *(law(name, keys, has_q=False) for name, keys in KEYS.items()),
    *(law(f"q_{name}", keys, has_q=True) for name, keys in KEYS.items()),
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,5}", fullmatch=True)
maps = st.recursive(
    st.dictionaries(names, leaves, min_size=1, max_size=3),
    lambda inner: st.dictionaries(names, leaves | inner.map(lambda part: {"parameters": part}), min_size=1, max_size=3),
    max_leaves=4,
)


def read(parameters: dict[str, Any], **keys: Any) -> ParsedSweep:
    """Return the sweep of a file with these parameters, read from its text."""
    return parse_sweep(json.dumps({"method": "random", "program": "t.py", "parameters": parameters, **keys}))


def parser_of(value: Any, form: str) -> Callable[[str], Any]:
    """Return the type that argparse has for a parameter with this value."""
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


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60)
@given(parameters=maps)
def test_a_program_parses_what_was_chosen(form: str, parameters: dict[str, Any]) -> None:
    parsed = read(parameters, args=form)
    (params,) = first_points(SweepDefinition.of(parsed.config), seed=1, count=1)
    words = build_command(parsed.raw, params, context=CONTEXT)[2:]
    expected = dict(dotted(params, parameters)) if form == "dotted" else params
    parser = ArgumentParser(allow_abbrev=False)
    for name, value in expected.items():
        parser.add_argument(f"--{name}", dest=name, type=parser_of(value, form))
    assert same(vars(parser.parse_args(words)), expected)

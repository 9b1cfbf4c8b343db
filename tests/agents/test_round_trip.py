"""Programs parse the values that the search chose: with argparse, from JSON, with LightningCLI and with Hydra."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonargparse
import msgspec
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_sweeps.agents.launch.arguments import flatten
from lightning_sweeps.agents.launch.command import CommandContext, build_command
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.methods import METHODS
from lightning_sweeps.sweeps.space import Space

CONTEXT = CommandContext(sys.executable, {}, TrialFolder(Path("/h/trials/t1")), processes=1, launch_id="t1-0")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8) | st.sampled_from(
    [
        "",
        "1",
        "1e-5",
        "null",
        "True",
        "-1",
        "--lr=3",
        "a b",
        "a=b",
        "${lr}",
        "$HOME",
        "'",
        '"',
        "\n",
        "[1]",
        "{",
        "é",
        "*",
    ]
)
whole = st.integers(-(2**63), 2**63 - 1)
real = st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | whole | real | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)


def chosen(values: dict[str, Any], *, command: str = "${args}") -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Let a method choose among these values, each nested one level deeper than the last.

    Return the parameter set as an agent receives it, its values by dotted names, and the words of the command line.
    """
    parameters: dict[str, Any] = {}
    for name, value in values.items():
        leaf = {"values": [value]}
        parameters = {name: leaf, "in": {"parameters": parameters}} if parameters else {name: leaf}
    config = {
        "method": "random",
        "parameters": parameters,
        "program": "t.py",
        "command": ["t.py", command],
        "args": "dotted",
    }
    method = METHODS.get("random")()
    params = method.suggest(Space.of(validate(config).config.parameters), [], number=1, seed=1)
    assert params is not None
    received = msgspec.json.decode(msgspec.json.encode(params))
    return received, dict(flatten(params, parameters)), build_command(config, received, context=CONTEXT)[1:]


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal and have the same types on every level: 1 is neither 1.0 nor true."""
    return repr(one) == repr(other)


def reader(value: Any) -> Callable[[str], Any]:
    """Return a function that parses the text of a value of this type."""
    if isinstance(value, bool):
        return lambda text: {"True": True, "False": False}[text]
    if isinstance(value, str | int | float):
        return type(value)
    return json.loads


@given(st.dictionaries(names, anything, min_size=1, max_size=4))
def test_argparse_reads_the_suggested_values(values: dict[str, Any]) -> None:
    _, flat, words = chosen(values)
    parser = ArgumentParser(allow_abbrev=False)
    for name, value in flat.items():
        parser.add_argument(f"--{name}", type=reader(value))
    assert same(vars(parser.parse_args(words)), flat)


@given(st.dictionaries(names, anything, min_size=1, max_size=4))
def test_json_contains_the_suggested_values(values: dict[str, Any]) -> None:
    received, flat, (word,) = chosen(values, command="${args_json}")
    assert same(json.loads(word), received)
    assert {repr(value) for value in flat.values()} == {repr(value) for value in values.values()}


KINDS: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: whole,
    float: real,
    bool: st.booleans(),
    int | None: st.none() | st.integers(-99, 99),
    list[int]: st.lists(whole, max_size=3),
    list[str]: st.lists(texts, max_size=3),
    dict[str, bool]: st.dictionaries(names, st.booleans(), max_size=3),
}


@settings(max_examples=40)
@given(st.fixed_dictionaries({f"p{number}": KINDS[kind] for number, kind in enumerate(KINDS)}))
def test_lightning_cli_reads_dotted_names(values: dict[str, Any]) -> None:
    _, flat, words = chosen(values)
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    for number, kind in enumerate(KINDS):
        (name,) = [name for name in flat if name.rpartition(".")[2] == f"p{number}"]
        parser.add_argument(f"--{name}", type=kind)
    parsed = parser.parse_args(words)
    assert same({name: parsed[name] for name in flat}, flat)


@settings(max_examples=60)
@given(
    st.fixed_dictionaries(
        {
            "text": texts,
            "whole": whole,
            "real": real,
            "truth": st.booleans(),
            "nothing": st.none(),
            "several": st.lists(texts | whole | st.booleans(), max_size=3),
            "map": st.dictionaries(names, texts | whole, max_size=3),
        }
    )
)
def test_hydra_reads_dotted_names(values: dict[str, Any]) -> None:
    _, flat, words = chosen(values, command="${args_append_hydra}")
    overrides = OverridesParser.create().parse_overrides(words)
    assert same({override.key_or_group: override.value() for override in overrides}, flat)


def test_a_real_process_receives_every_character() -> None:
    values = {f"p{code}": f"<{chr(code)}>" for code in (*range(1, 128), 0xE9, 0x2028, 0x1F600)}
    _, flat, words = chosen(values)
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, check=True)
    assert json.loads(done.stdout) == [f"--{name}={value}" for name, value in flat.items()]

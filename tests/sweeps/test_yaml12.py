"""YAML by the core schema of version 1.2."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.sweeps import yaml11
from lightning_sweeps.sweeps.yaml12 import read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("1e3", 1000.0),
        ("-1.5E+2", -150.0),
        (".5", 0.5),
        ("3.", 3.0),
        ("12", 12),
        ("+7", 7),
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("2024-01-31", "2024-01-31"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("1e-5x", "1e-5x"),
        ('"1e-5"', "1e-5"),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
        ("e5", "e5"),
        (".", "."),
        ("-", [None]),
        (r'"\ud83d\ude00 \u00e9"', "😀 é"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    document = read(text)
    assert document.faults == []
    assert document.value == value
    assert type(document.value) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("No", False),
        ("on", True),
        ("OFF", False),
        ("y", "y"),
        ("010", 8),
        ("08", "08"),
        ("1_000", 1000),
        ("3_000.5", 3000.5),
        ("12:30", 750),
        ("1:30.5", 90.5),
        ("0b11", 3),
        ("1e-5", "1e-5"),
        ("1.5e3", "1.5e3"),
        ("1.5e+3", 1500.0),
        ("0o17", "0o17"),
        ("0x1F", 31),
        ("2024-01-31", "2024-01-31"),
        ("~", None),
        ("!!str yes", "yes"),
        ("'yes'", "yes"),
        ("0x_", "0x_"),
        ("[&a on, *a]", [True, True]),
    ],
)
def test_words_of_version_1_1(text: str, value: Any) -> None:
    document = read(text, "1.1")
    assert document.faults == []
    assert repr(document.value) == repr(value)


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=8))
def test_words_have_the_values_that_pyyaml_gives_them(text: str) -> None:
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):  # such as `=`, which PyYAML resolves and cannot construct
        return
    if isinstance(value, str | int | float | bool | None):
        assert repr(read(text, "1.1").value) == repr(value)


@given(
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="ascii", exclude_characters="\x7f"))
)
def test_both_versions_read_an_unambiguous_notation(value: Any) -> None:
    text = yaml11.unambiguous(value)
    assert repr(read(text).value) == repr(read(text, "1.1").value) == repr(value)


def test_nan() -> None:
    assert read(".nan").value != read(".nan").value


def test_every_key_and_item_has_its_line() -> None:
    document = read("a: 1\nb:\n  c:\n    - 1\n    - d: 2\n")
    assert document.value == {"a": 1, "b": {"c": [1, {"d": 2}]}}
    assert document.line(("b", "c", 1, "d")) == 5
    assert document.line(("b", "c", 0)) == 4
    assert document.line(("b", "missing")) == 2
    assert document.line(("missing",)) == 1


def test_merge_keys_and_aliases() -> None:
    document = read("base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3\nboth:\n  <<: [{z: 9}, *b]\n")
    assert document.faults == []
    assert document.value["mine"] == {"x": 1, "y": 3}
    assert document.value["both"] == {"x": 1, "y": 2, "z": 9}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "is given twice, first on line 1"),
        ("a: 1\n 3: [\n", 2, "not valid YAML"),
        ("a: [1, 2\nb: 3\n", 2, "not valid YAML"),
        ("a: 1\n1: 2\n", 2, "keys are strings"),
        ("a: 1\n? [x]\n: 2\n", 2, "keys are strings"),
        ("a: !mine 2\n", 1, "tag"),
        ("a: !!int x\n", 1, "tag"),
        ("a: &x\n  b: *x\n", 1, "an alias inside its own anchor"),
        ("a: *x\n", 1, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: 1\n<<: 3\n", 2, "`<<` takes a map"),
        ("a: " + "9" * 5000, 1, "cannot be read"),
        ("\x00", 0, "not valid YAML"),
        (r'a: "\ud83d"', 1, "half a character"),
    ],
)
def test_errors_have_lines(text: str, line: int, words: str) -> None:
    faults = read(text).faults
    assert len(faults) == 1
    assert faults[0].line == line
    assert words in faults[0].message


def test_exponential_aliases_are_refused() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    assert "too many" in read(text).faults[0].message


def test_deep_nesting_is_refused() -> None:
    assert read("[" * 5000 + "]" * 5000).faults


@given(st.text())
def test_nothing_makes_the_reader_raise(text: str) -> None:
    read(text)

"""Words that YAML 1.1 and 1.2 read differently: warnings, advice, and files that ask for version 1.1."""

from __future__ import annotations

import pytest

from lightning_sweeps.errors import SweepFileError
from lightning_sweeps.sweeps.config import parse_sweep

YAML_11 = """
method: random
program: train.py
command: ["${program}", 010]
parameters:
  flag: {values: [yes, off, 12:30]}
  lr: {values: [1e-5, 0.5]}
  bound: {min: 1e-5, max: 1}
  again: {value: yes}
"""


def test_words_that_mean_something_else_in_wandb_warn_with_both_readings() -> None:
    assert [text.partition(", which")[0] for text in parse_sweep(YAML_11).warnings] == [
        "line 4: `010` is `10` here, and `8` in W&B",
        'lines 6, 9: `yes`, `off` are `"yes"`, `"off"` here, and `true`, `false` in W&B',
        'line 6: `12:30` is `"12:30"` here, and `750` in W&B',
        'line 7: `1e-5` is `1.0e-05` here, and `"1e-5"` in W&B',
    ]


@pytest.mark.parametrize("version", ["1.1", "'1.1'"])
def test_a_file_can_ask_for_yaml_1_1(version: str) -> None:
    text = YAML_11.replace("min: 1e-5", "min: 0.5")
    parsed = parse_sweep(f"yaml: {version}{text}")
    assert parsed.warnings == []
    assert parsed.raw["parameters"]["flag"]["values"] == [True, False, 750]
    assert parsed.raw["parameters"]["lr"]["values"] == ["1e-5", 0.5]
    assert parsed.config.command == ["${program}", "8"]
    assert parse_sweep(text, version="1.1").raw["parameters"] == parsed.raw["parameters"]
    assert parse_sweep(f"yaml: 1.1{text}", version="1.2").raw["parameters"]["flag"]["values"] == ["yes", "off", "12:30"]
    assert parse_sweep(f"yaml: 1.2{text}").warnings == []


def test_keys_are_text_in_the_version_of_the_file() -> None:
    text = "method: random\nparameters: {x: {value: {1e5: a, yes: b}}}\n"
    assert parse_sweep(f"yaml: 1.1\n{text}").raw["parameters"]["x"]["value"] == {"1e5": "a", "yes": "b"}
    with pytest.raises(SweepFileError, match="a key here is `1e5`, not a string"):
        parse_sweep(text)
    with pytest.raises(SweepFileError, match="a key here is `1_000`, not a string"):
        parse_sweep(f"yaml: 1.1\n{text.replace('1e5', '1_000')}")


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("run_cap: 1_000", "write `1000`, or set `yaml: 1.1`"),
        ("run_cap: '10'", "write `10` without quotes"),
        ("timeout: 12:30", "write `750`, or set `yaml: 1.1`"),
        ("timeout: '1e-5'", "write `1.0e-05` without quotes"),
        ("yaml: 2", "is `2`, allowed: 1.1, 1.2"),
        ("early_terminate: {type: hyperband, min_iter: 1, strict: yes}", "write `true`, or set `yaml: 1.1`"),
    ],
)
def test_a_refused_word_of_yaml_1_1_gets_advice(line: str, advice: str) -> None:
    with pytest.raises(SweepFileError, match=advice):
        parse_sweep(f"method: random\nparameters: {{x: {{value: 1}}}}\nmetric: {{name: loss}}\n{line}\n")

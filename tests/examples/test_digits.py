"""Checks the digits example: its data, its sweep file and its programs fit together."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightning.pytorch  # noqa: F401 - loaded here, not in a test: the leak check watches what loading leaves in os.environ
import pytest
import sklearn.datasets  # noqa: F401

from lightning_sweeps.sweeps.config import load_sweep_file

FOLDER = Path(__file__).parents[2] / "examples" / "ddp"
SET_SIZES = (1437, 360)


def load_program(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the names that a script of the example defines, without running its main part."""
    monkeypatch.syspath_prepend(FOLDER)
    found = runpy.run_path(str(FOLDER / name))
    sys.modules.pop("data", None)
    return found


def test_the_split_is_complete_and_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    load = load_program("data.py", monkeypatch)["load"]
    first, again = load(), load()
    assert tuple(len(part) for part in first) == SET_SIZES
    for part, other in zip(first, again, strict=True):
        assert all(tensor.equal(same) for tensor, same in zip(part.tensors, other.tensors, strict=True))
        assert 0 <= part.tensors[0].min() < part.tensors[0].max() <= 1


@pytest.mark.parametrize("program", ["train_lightning.py", "train_ddp.py"])
def test_the_sweep_file_is_valid_and_its_programs_accept_every_parameter(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = load_sweep_file(FOLDER / "sweep.yaml")
    assert (sweep.warnings, sweep.config.program) == ([], "train_lightning.py")
    parse_arguments = load_program(program, monkeypatch)["parse_arguments"]
    values = {"lr": 1e-3, "hidden": 32, "dropout": 0.25, "batch_size": 128, "epochs": 8, "mode": "grouped"}
    assert values.keys() == sweep.config.parameters.keys()
    monkeypatch.setattr(sys, "argv", [program, *(f"--{name}={value}" for name, value in values.items())])
    arguments = vars(parse_arguments())
    assert {name: arguments[name] for name in values} == values


def test_launch_rejects_an_unknown_word() -> None:
    refused = subprocess.run([FOLDER / "launch.sh", "fly"], capture_output=True, text=True, check=False)
    assert (refused.returncode, "usage:" in refused.stderr) == (2, True)

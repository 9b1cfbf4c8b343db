"""Torch is imported ahead unless a program's text shows that it cannot use it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lightning_sweeps.agents.forking.program_imports import can_import_torch, imported_names, read_imports

FILES = {
    "own/__init__.py": "from own import deep",
    "own/deep.py": "from . import other",
    "own/other.py": "import torch",
    "plain.py": "import json, numpy",
    "loop.py": "import loop2",
    "loop2.py": "import loop",
    "broken.py": "import (",
}


def decided(folder: Path, program: str) -> bool:
    for name, text in (FILES | {"train.py": program}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return can_import_torch(read_imports(folder / "train.py", path=[str(folder), *sys.path]))


@pytest.mark.parametrize(
    "program",
    [
        "import lightning_sweeps, argparse, json.decoder",
        "import plain, loop\nplain.json.dumps({})",
        "import numpy as np\nimport requests",
        "from os import path\nmodel = frame = path\nmodel.eval(); frame.exec()",
    ],
    ids=["standard library", "own modules", "packages without torch", "methods named eval"],
)
def test_a_program_without_torch(tmp_path: Path, program: str) -> None:
    assert not decided(tmp_path, program)


@pytest.mark.parametrize(
    "program",
    [
        "import torch.nn as nn",
        "def late():\n    from lightning.pytorch import Trainer",
        "import own",
        "import torchmetrics",
        "import lightning_utilities, lightning",
        "import not_installed_anywhere",
        "import importlib\nimportlib.import_module('tor' + 'ch')",
        "exec('import torch')",
        "__import__('torch')",
        "import broken",
        "import (",
    ],
)
def test_a_program_that_may_use_torch(tmp_path: Path, program: str) -> None:
    assert decided(tmp_path, program)


def test_a_program_that_cannot_be_read(tmp_path: Path) -> None:
    assert can_import_torch(read_imports(tmp_path / "none.py"))


def test_a_package_that_requires_torch_through_another_one(tmp_path: Path) -> None:
    """An installed package whose requirement requires torch."""
    for name, required in (("first", "second>=1"), ("second", "torch"), ("third", 'torch ; extra == "gpu"')):
        info = tmp_path / "site-packages" / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: {required}\n"
        )
        (info / "top_level.txt").write_text(f"{name}_module\n")
        (tmp_path / "site-packages" / f"{name}_module.py").write_text("")
    sys.path.insert(0, str(tmp_path / "site-packages"))
    try:
        assert decided(tmp_path, "import first_module")
        assert not decided(tmp_path, "import third_module")
    finally:
        sys.path.pop(0)


def test_the_first_names_of_all_kinds_of_imports() -> None:
    text = "import a.b, c as d\nfrom e.f import g\nfrom . import h\ntry:\n    import i\nexcept ImportError:\n    pass\n"
    assert imported_names(text) == {"a", "c", "e", "i"}

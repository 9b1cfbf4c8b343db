"""Builds the wheel of `lightning-sweeps-thin`: the same modules without the server's dependencies and dashboard.

    python -m tools.thin_distribution dist

It is a second distribution from the same tree, because an extra can only add to what `pip install lightning-sweeps`
installs, and that stays whole.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.dependencies import PROJECT, requirements_of

ROOT = PROJECT.parent
NAME = "lightning-sweeps-thin"
COPIED = ("hatch_build.py", "README.md", "LICENSE")
LEFT_OUT = shutil.ignore_patterns("static", "static.new", "__pycache__")


def thin_project(text: str, version: str) -> str:
    """Return the `pyproject.toml` of the thin distribution.

    Args:
        text: That of the whole one.
        version: The version, with the commit: the copy of the tree knows none.
    """
    wanted = "".join(f"  '{requirement}',\n" for requirement in requirements_of(text, "node"))
    text = re.sub(r"^dependencies = \[.*?^\]", f"dependencies = [\n{wanted}]", text, flags=re.MULTILINE | re.DOTALL)
    text = text.replace('name = "lightning-sweeps"', f'name = "{NAME}"', 1)
    text = text.replace('dynamic = ["version"]', f'version = "{version}"', 1)
    return re.sub(r"^\[tool\.hatch\.version\].*?(?=^\[)", "", text, flags=re.MULTILINE | re.DOTALL)


def build(folder: Path, version: str) -> Path:
    """Build the wheel into `folder`, and return its path."""
    with tempfile.TemporaryDirectory(prefix="lightning-sweeps-thin-") as temporary:
        copy = Path(temporary)
        shutil.copytree(ROOT / "lightning_sweeps", copy / "lightning_sweeps", ignore=LEFT_OUT)
        shutil.copytree(ROOT / "docs", copy / "docs", ignore=shutil.ignore_patterns("images"))
        shutil.copytree(ROOT / "examples" / "ddp", copy / "examples" / "ddp", ignore=LEFT_OUT)
        for name in COPIED:
            shutil.copy(ROOT / name, copy / name)
        (copy / "pyproject.toml").write_text(thin_project(PROJECT.read_text(), version))
        words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.absolute())]
        subprocess.run(words, cwd=copy, env=os.environ | {"LIGHTNING_SWEEPS_NO_DASHBOARD": "1"}, check=True)
    (made,) = folder.glob(f"{NAME.replace('-', '_')}-{version}-*.whl")
    return made


if __name__ == "__main__":
    from hatch_build import find_version

    print(build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist"), find_version()))

"""The build of the page into the package: it runs when sources have changed, and warns if it is not possible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from lightning_sweeps.core.settings import environment
from lightning_sweeps.server.web import pages

ROOT = Path(__file__).parents[2]
PACKED = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE")
STATIC = "lightning_sweeps/server/static"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a small copy of the project: what a build needs, without the built page."""
    folder = tmp_path / "project"
    skipped = shutil.ignore_patterns("node_modules", "static", "static.new", "__pycache__")
    shutil.copytree(ROOT / "dashboard", folder / "dashboard", ignore=skipped)
    (folder / "lightning_sweeps/server").mkdir(parents=True)
    shutil.copy(ROOT / "lightning_sweeps/__init__.py", folder / "lightning_sweeps/__init__.py")
    shutil.copytree(ROOT / "examples", folder / "examples")
    for name in PACKED:
        shutil.copy(ROOT / name, folder / name)
    return folder


def build(folder: Path, tmp_path: Path, kind: str, *, npm: str) -> tuple[str, list[str]]:
    """Build the copy with a fake npm (a line of sh). Return the output and the names in the package."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, line in (("node", "echo v22.0.0"), ("npm", npm)):
        (tools / name).write_text(f"#!/bin/sh\n{line}\n")
        (tools / name).chmod(0o755)
    variables = environment() | {"PATH": f"{tools}{os.pathsep}{os.defpath}"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(tmp_path / "dist")]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "dist").iterdir()
    if kind == "wheel":
        with zipfile.ZipFile(made) as wheel:
            return done.stdout + done.stderr, wheel.namelist()
    with tarfile.open(made) as sdist:
        return done.stdout + done.stderr, [name.partition("/")[2] for name in sdist.getnames()]


MAKES_A_PAGE = (
    'test "$1" = ci || { mkdir -p "$LIGHTNING_SWEEPS_STATIC" && echo page >"$LIGHTNING_SWEEPS_STATIC/index.html"; }'
)


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_package_contains_the_built_page(copy: Path, tmp_path: Path, kind: str) -> None:
    _, names = build(copy, tmp_path, kind, npm=MAKES_A_PAGE)
    assert f"{STATIC}/index.html" in names
    assert not any("node_modules" in name for name in names)
    assert any(name.startswith("dashboard/") for name in names) == (kind == "sdist")


def test_package_builds_with_a_warning_without_npm_registry(copy: Path, tmp_path: Path) -> None:
    said, names = build(copy, tmp_path, "wheel", npm="exit 1")
    assert "THE DASHBOARD WAS NOT BUILT" in said and "npm ci" in said
    assert not any(name.startswith(STATIC) for name in names) and "lightning_sweeps/__init__.py" in names


def test_unchanged_sources_are_not_built_again(copy: Path, tmp_path: Path) -> None:
    build(copy, tmp_path, "wheel", npm=MAKES_A_PAGE)
    shutil.rmtree(tmp_path / "tools")
    shutil.rmtree(tmp_path / "dist")
    said, names = build(copy, tmp_path, "wheel", npm="echo CALLED; exit 1")
    assert "CALLED" not in said and f"{STATIC}/index.html" in names
    shutil.rmtree(tmp_path / "tools")
    shutil.rmtree(tmp_path / "dist")
    (copy / "dashboard/src/base/tokens.css").write_text("changed")
    said, _ = build(copy, tmp_path, "wheel", npm="exit 1")
    assert "THE DASHBOARD WAS NOT BUILT" in said


def test_a_server_without_the_page_says_how_to_build_it() -> None:
    answer = pages.not_built_page()
    assert answer.status_code == 503
    assert "python hatch_build.py" in bytes(answer.body).decode()

"""Every code block of README.md and docs/ runs word for word, or a comment before it says why not."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, pages, read_blocks, runnable_pages
from tests.homes import empty_home

LIMIT_S = 900.0
QUICKSTARTS = sorted((ROOT / "docs" / "quickstart").glob("*.md"))
WITHOUT_EXTRAS = [page for page in QUICKSTARTS if "lightning-sweeps[" not in page.read_text()]
"""pip cannot take a package with extras from a wheel that a constraint names."""
TYPED = [ROOT / "README.md", *QUICKSTARTS]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_block_runs_or_says_why_not(page: Path) -> None:
    silent = [block.text for block in read_blocks(page) if not block.kind and not block.not_run]
    assert silent == [], "mark each with <!-- not run: REASON -->, or with title= if it is a file"


@pytest.mark.parametrize("page", TYPED, ids=name)
def test_examples_import_what_they_use(page: Path) -> None:
    for code in programs(page).values():
        for node in ast.walk(ast.parse(code)):
            assert not isinstance(node, ast.ImportFrom) or node.level == 0
        assert "import lightning_sweeps" in code or "from lightning_sweeps" in code


@pytest.mark.slow
@pytest.mark.parametrize("page", runnable_pages(), ids=name)
def test_the_blocks_of_a_page_run(page: Path, tmp_path: Path) -> None:
    blocks = [block for block in read_blocks(page) if not block.not_run and not block.is_install]
    with empty_home(tmp_path) as environment:
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        run_blocks(blocks, tmp_path / "work", environment)


@pytest.mark.slow
@pytest.mark.parametrize("page", TYPED, ids=name)
def test_strict_types_of_examples(page: Path, tmp_path: Path) -> None:
    """Check the programs as a user's: with the installed package and strict mypy."""
    for file, code in programs(page).items():
        (tmp_path / file).write_text(code)
        checked = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache'}", file],
            cwd=tmp_path, env=os.environ | {"MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert f"\n{file}:" not in f"\n{checked.stdout}", checked.stdout + checked.stderr
        assert checked.returncode in (0, 1), checked.stderr  # 1: errors in files that are not the example


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT],
        env=os.environ | {"LIGHTNING_SWEEPS_NO_DASHBOARD": "1"}, check=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> dict[str, str]:
    """The variables of an environment that is empty at first: the package comes from the wheel, all else from pip."""
    folder = tmp_path_factory.mktemp("newcomer")
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    (file,) = wheel.glob("*.whl")
    constraint = folder / "constraint.txt"
    constraint.write_text(f"lightning-sweeps @ {file.as_uri()}\n")
    return {
        "PATH": f"{folder / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONSTRAINT": f"{os.environ.get('PIP_CONSTRAINT', '')} {constraint}".strip(),
    }


@pytest.mark.slow
@pytest.mark.parametrize("page", WITHOUT_EXTRAS, ids=name)
def test_a_newcomer_follows_a_quickstart(page: Path, tmp_path: Path, newcomer: dict[str, str]) -> None:
    """Run every block, that of the installation too. The first page that is run installs; the time is printed."""
    blocks = [block for block in read_blocks(page) if not block.not_run]
    started = time.monotonic()
    with empty_home(tmp_path) as environment:
        run_blocks(blocks, tmp_path / "work", environment | newcomer)
    print(f"{name(page)}: {time.monotonic() - started:.0f} s")


def programs(page: Path) -> dict[str, str]:
    """Return the Python programs of a page by file name; the cells of a notebook are one program."""
    blocks = [block for block in read_blocks(page) if block.language == "python" and not block.not_run]
    cells = "\n".join(block.text for block in blocks if block.kind == "python")
    files = {block.title: block.text for block in blocks if block.title}
    return files | ({"cells.py": cells} if cells else {})


def run_blocks(blocks: list[Block], folder: Path, environment: dict[str, str]) -> None:
    """Run blocks in a folder, one after the other. Cells run together, where the first one stands."""
    folder.mkdir()
    cells = "\n".join(block.text for block in blocks if block.kind == "python")
    for block in blocks:
        if block.kind == "file":
            (folder / block.title).write_text(block.text)
        elif block.kind == "python" and cells:
            run(["python", "-c", cells], folder, environment)
            cells = ""
        elif block.kind == "sh":
            run(["bash", "-euo", "pipefail", "-c", block.text], folder, environment)


def run(words: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        words, cwd=folder, env=environment, timeout=LIMIT_S, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words[-1]}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"

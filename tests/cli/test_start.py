"""Checks that help starts fast: it imports only what declares the options.

`benchmarks/start_times.py` measures the times.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import lightning_sweeps.cli
from lightning_sweeps.cli import COMMANDS
from lightning_sweeps.errors import EXIT_USAGE

CLI_FOLDER = Path(lightning_sweeps.cli.__file__).parent

SLOW = [
    "fastapi",
    "hashlib",
    "http",
    "lightning",
    "msgspec",
    "numpy",
    "psutil",
    "pydantic",
    "requests",
    "rich",
    "sqlalchemy",
    "torch",
    "yaml",
]
HELP_OF_ALL = f"""
import contextlib, io, json, sys
from lightning_sweeps.cli import COMMANDS, app

def loaded(*words):
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
        app(list(words), prog_name="lightning-sweeps")
    assert printed.getvalue(), words
    return sorted(set({SLOW}) & set(sys.modules))

lines = [("--version",), ("--help",), ("db", "backup", "--help"), ("key", "create", "--help")]
lines += [(name, "--help") for name in COMMANDS]
print(json.dumps({{" ".join(words): loaded(*words) for words in lines}}))
"""


def printed_by(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_imports_nothing_slow() -> None:
    loaded = json.loads(printed_by(HELP_OF_ALL))
    assert len(loaded) == len(COMMANDS) + 4
    assert {words: modules for words, modules in loaded.items() if modules} == {}


class NamesUsedAtOnce(ast.NodeVisitor):
    """Finds the names that a module uses while it is imported: not in the bodies of functions, nor in annotations."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(part)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        pass

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        self.found.add(node.id)


@pytest.mark.parametrize("path", sorted(CLI_FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(CLI_FOLDER)))
def test_help_uses_no_name_that_it_does_not_import(path: Path) -> None:
    used, delayed = NamesUsedAtOnce(), set()
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "not is_help_only()":
            for part in statement.body:
                assert isinstance(part, ast.Import | ast.ImportFrom)
                delayed |= {alias.asname or alias.name for alias in part.names}
        else:
            used.visit(statement)
    assert used.found & delayed == set()


def test_a_command_with_help_as_a_value_says_so() -> None:
    words = [sys.executable, "-m", "lightning_sweeps.cli", "runs", "--project", "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == EXIT_USAGE
    assert done.stderr.startswith("error: `--help` stands where a value is expected\n")


def test_a_list_of_formats_with_help_is_help() -> None:
    words = [sys.executable, "-m", "lightning_sweeps.cli", "export", "--list-formats", "--help"]
    assert "Usage:" in subprocess.run(words, capture_output=True, text=True, check=True).stdout

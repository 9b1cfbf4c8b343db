"""Checks imports: they go down only, form no cycle, and light parts load nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Set
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "lightning_sweeps"

BASE = {"errors", "core", "messages", "system"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "core": {"errors"},
    "messages": {"core"},
    "system": {"errors", "core"},
    "journal": BASE,
    "client": BASE | {"journal"},
    "sdk": BASE | {"journal"},
    "trainer": BASE | {"journal", "sdk"},
    "service": BASE | {"journal", "client"},
    "importers": BASE | {"journal", "client"},
    "exporters": BASE,
    "sweeps": BASE,
    "store": BASE | {"journal"},
    "engine": BASE | {"store", "sweeps"},
    "alerts": {"errors", "core", "messages"},
    "server": BASE | {"journal", "sweeps", "store", "engine", "alerts"},
    "agents": BASE | {"client", "sdk"},
    "tuner": {"agents"},
    "api": BASE | {"client", "sweeps", "exporters"},
    "ask_tell": BASE | {"client", "sdk", "agents", "api"},
    "mcp": BASE | {"client", "api"},
    "testing": BASE | {"journal", "client", "sdk", "importers", "exporters", "sweeps", "store", "alerts", "agents"},
    "cli": BASE | {"journal", "client", "importers", "exporters", "sweeps", "store", "server", "agents", "api", "mcp"},
    "__init__": {"api", "sdk", "trainer", "agents", "ask_tell"},
}
"""For each part, the parts that it may import besides itself. ARCHITECTURE.md shows the same table."""

LIGHT = ["lightning_sweeps", "lightning_sweeps.sdk.session", "lightning_sweeps.cli", "lightning_sweeps.service.loop"]
HEAVY = {"torch", "lightning", "pytorch_lightning", "fastapi", "sqlalchemy", "optuna", "pandas"}


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _part(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def _imported_parts(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            words = name.split(".")
            if words[0] == "lightning_sweeps" and len(words) > 1:
                yield node.lineno, words[1]


def test_every_part_is_in_the_table() -> None:
    assert {_part(path) for path in _modules()} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    part = _part(path)
    allowed = MAY_IMPORT[part] | {part, "__version__"}
    wrong = [f"line {line}: {part} imports {other}" for line, other in _imported_parts(path) if other not in allowed]
    assert not wrong


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_own_imports_inside_functions(path: Path) -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    inside = [
        node.lineno
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, functions)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lightning_sweeps")
    ]
    assert not inside


def test_modules_form_no_cycle() -> None:
    names = {_module_name(path): path for path in _modules()}
    edges = {name: _imported_modules(path, names.keys()) - {name} for name, path in names.items()}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above, name))
        if name not in done:
            for other in sorted(edges[name]):
                visit(other, (*above, name))
            done.add(name)

    for name in names:
        visit(name, ())


def _module_name(path: Path) -> str:
    words = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


def _imported_modules(path: Path, known: Set[str]) -> set[str]:
    found = set()
    tree = ast.parse(path.read_text())
    skipped = {
        node.lineno
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
        if isinstance(node, ast.ImportFrom)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.lineno not in skipped:
            for alias in node.names:
                for candidate in (f"{node.module}.{alias.name}", node.module):
                    if candidate in known:
                        found.add(candidate)
                        break
    return found


@pytest.mark.parametrize("module", LIGHT)
def test_light_parts_load_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*({HEAVY!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []


def test_importing_the_package_loads_no_http_client() -> None:
    code = "import sys, lightning_sweeps; print('requests' in sys.modules or 'torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"

"""What only one part of the package may do."""

from __future__ import annotations

import ast

from tools.check.files import modules, relative, tree

SETTINGS = "lightning_sweeps/core/settings.py"
TORCH = {"torch", "lightning", "pytorch_lightning"}
ENVIRONMENT = {"environ", "getenv", "putenv", "environb"}


def environment_is_accessed_in_settings_only() -> list[str]:
    """Only core/settings.py touches the environment of the process."""
    return [
        f"{relative(path)}:{node.lineno}: `os.{node.attr}`"
        for path in modules()
        if relative(path) != SETTINGS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and ast.unparse(node.value) == "os"
    ]


def torch_is_imported_in_trainer_only() -> list[str]:
    """Only trainer/ imports torch and Lightning: the other processes start in a fraction of a second."""
    return [
        f"{relative(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in modules()
        if not relative(path).startswith("lightning_sweeps/trainer/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom) and TORCH & {name.partition(".")[0] for name in _names(node)}
    ]


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]

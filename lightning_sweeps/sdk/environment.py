"""Describes the environment of a run: versions, command line, git commit. It reads files and starts no process."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "lightning", "pytorch-lightning", "torchmetrics", "numpy", "lightning-sweeps")


def describe_environment(folder: Path) -> dict[str, Any]:
    """Return what is needed to reproduce this process: command, folder, versions and git commit.

    Args:
        folder: the working folder of the program. The git repository around it is described.
    """
    return {
        "command": list(sys.orig_argv),
        "folder": str(folder),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "git": read_git(folder),
    }


def read_git(folder: Path) -> dict[str, str]:
    """Return `root`, `commit` and `branch` of the git repository around `folder`, or an empty map outside a repository.

    Uncommitted changes are not detected: git needs seconds for that in a large repository.
    """
    root = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
    if root is None:
        return {}
    try:
        git = _git_folder(root / ".git")
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return {"root": str(root), "commit": head}
        reference = head.removeprefix("ref: ")
        return {"root": str(root), "commit": _resolve(git, reference), "branch": reference.removeprefix("refs/heads/")}
    except OSError:  # an unknown layout of the repository
        return {"root": str(root)}


def _git_folder(path: Path) -> Path:
    """Return the git folder. In a worktree `.git` is a file that names it."""
    if path.is_dir():
        return path
    return (path.parent / path.read_text().strip().removeprefix("gitdir: ")).resolve()


def _resolve(git: Path, reference: str) -> str:
    common = git / "commondir"
    roots = [git, (git / common.read_text().strip()).resolve()] if common.exists() else [git]
    for root in roots:
        if (loose := root / reference).exists():
            return loose.read_text().strip()
        if (packed := root / "packed-refs").exists():
            for line in packed.read_text().splitlines():
                if line.endswith(f" {reference}"):
                    return line.partition(" ")[0]
    return ""


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""

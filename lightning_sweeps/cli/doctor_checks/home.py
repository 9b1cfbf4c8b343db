"""Checks the home folder: its owner, who may read it, and the space on its disk."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from lightning_sweeps.cli.doctor_checks.finding import Finding, Machine
from lightning_sweeps.core.ownership import ROOT

CHECK = "home"
GIB = 2**30
LITTLE_GIB, LEAST_GIB = 2.0, 0.1
OTHERS = 0o077
CHOOSE = "set LIGHTNING_SWEEPS_HOME to a folder of your own"


def find(machine: Machine) -> Iterator[Finding]:
    """Check owner, mode and space of the home folder."""
    root = machine.home.root
    if root.is_dir():
        yield _owner(root)
    elif root.exists():
        yield Finding(CHECK, "fail", f"the home `{root}` is a file, allowed: a folder", CHOOSE)
        return
    else:
        yield _parent(root)
    yield _space(_existing(root))


def _owner(root: Path) -> Finding:
    found = root.stat()
    if found.st_uid not in (os.geteuid(), ROOT):
        message = f"the home `{root}` belongs to another user (uid {found.st_uid}, you are uid {os.geteuid()})"
        return Finding(CHECK, "fail", message, f"{CHOOSE}, or `sudo chown -R $USER {root}`")
    if not os.access(root, os.W_OK | os.X_OK):
        return Finding(CHECK, "fail", f"the home `{root}` cannot be written", f"{CHOOSE}, or `chmod u+rwx {root}`")
    mode = stat.S_IMODE(found.st_mode)
    if mode & OTHERS:
        message = f"the home `{root}` is open to other users of this machine (mode {mode:03o})"
        return Finding(CHECK, "warn", message, f"`chmod 700 {root}`")
    return Finding(CHECK, "ok", f"`{root}`, yours, mode {mode:03o}")


def _parent(root: Path) -> Finding:
    parent = _existing(root)
    if os.access(parent, os.W_OK | os.X_OK):
        return Finding(CHECK, "ok", f"`{root}` does not exist yet; the first command or program creates it")
    return Finding(CHECK, "fail", f"the home `{root}` does not exist, and `{parent}` cannot be written", CHOOSE)


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free / GIB
    hint = "free some space, or set LIGHTNING_SWEEPS_HOME to a folder on another disk"
    if free < LEAST_GIB:
        return Finding(CHECK, "fail", f"the disk of the home is full ({free:.2f} GiB free): rows are lost", hint)
    if free < LITTLE_GIB:
        return Finding(CHECK, "warn", f"the disk of the home has {free:.1f} GiB free", hint)
    return Finding(CHECK, "ok", f"{free:.0f} GiB are free on its disk")

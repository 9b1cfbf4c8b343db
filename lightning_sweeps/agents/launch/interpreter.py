"""Tells whether a word of a command runs the Python that runs the agent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from lightning_sweeps.core.program_command import may_be_python


def is_own_interpreter(word: str, *, interpreter: str, environ: Mapping[str, str]) -> bool:
    """Return whether the system runs `interpreter` for this word. A virtual environment is its folder of programs.

    Args:
        word: the first word of a command, such as `python3`.
        interpreter: the Python that runs the agent.
        environ: the agent's environment, for `PATH`.
    """
    if not may_be_python(word):
        return False
    found = shutil.which(word, path=environ.get("PATH", os.defpath))
    if found is None:
        return False
    one, other = Path(found).absolute(), Path(interpreter).absolute()
    return one.parent == other.parent and one.resolve() == other.resolve()

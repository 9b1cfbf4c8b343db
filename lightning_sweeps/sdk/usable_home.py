"""Finds a home folder that can be written, so that no row is lost because of where it should go."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

from lightning_sweeps.core.ownership import folder_problem
from lightning_sweeps.core.paths import Home, make_private_folder
from lightning_sweeps.core.temporary_home import temporary_home

logger = logging.getLogger("lightning_sweeps")

_warned: set[Path] = set()


def usable_home(root: Path, *, is_offline: bool = False) -> Home:
    """Return the home folder at `root`, or one in the folder for temporary files if `root` cannot be used.

    A folder that cannot be written, or that another user could have filled, is not used.

    The folder for journals is created. A warning says once where the rows are and how to upload them. A full disk is
    not a reason: it may be freed.
    """
    problem = folder_problem(root) or _problem_of(_journals(root, is_offline))
    if not problem:
        return Home(root)
    other = temporary_home()
    if _problem_of(_journals(other, is_offline)):
        other = Path(tempfile.mkdtemp(prefix="lightning-sweeps-"))
    if root not in _warned:
        _warned.add(root)
        logger.warning(
            "the home folder `%s` cannot be used (%s); rows go to `%s`\n"
            "hint: set LIGHTNING_SWEEPS_HOME to a folder that you can write, or to `%s` to see these runs",
            root, problem, other, other,
        )  # fmt: skip
    return Home(other)


def _journals(root: Path, is_offline: bool) -> Path:
    return Home(root).offline if is_offline else Home(root).journals


def _problem_of(folder: Path) -> str:
    """Return why files cannot be created in the folder, or an empty text. An existing folder costs one question."""
    if os.access(folder, os.W_OK | os.X_OK) and folder.is_dir():
        return ""
    try:
        make_private_folder(folder)
    except FileExistsError:
        return "no permission, or read-only" if folder.is_dir() else "it is a file"
    except NotADirectoryError:
        return "it is below a file"
    except OSError as error:
        return "" if error.errno in _FULL else error.strerror or "no permission"
    return ""


_FULL = (28, 122)
"""ENOSPC and EDQUOT."""

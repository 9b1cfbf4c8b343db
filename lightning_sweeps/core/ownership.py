"""Checks that a home folder and its files belong to this user, as ssh does for its own folder.

Whoever can write into a home folder can send its rows to another server. So another user's folder is not used, and
neither are files of others in a folder that several users may write.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lightning_sweeps.errors import UsageError

ROOT = 0
WRITABLE_BY_OTHERS = 0o022


def folder_problem(path: Path) -> str:
    """Return why a home folder cannot be trusted, or an empty text. A folder that does not exist has no problem.

    If the folder is this user's and others may write to it, that is changed. A folder of root may be writable by a
    group: the administrator of the machine has chosen that.
    """
    try:
        found = path.stat()
    except OSError:
        return ""
    if found.st_uid not in (os.geteuid(), ROOT):
        return f"it belongs to another user ({_name_of(found.st_uid)})"
    if found.st_uid == os.geteuid():
        if found.st_mode & WRITABLE_BY_OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~WRITABLE_BY_OTHERS)
        return ""
    return "everybody may write to it" if found.st_mode & stat.S_IWOTH else ""


def file_problem(path: Path) -> str:
    """Return why a file of a home folder cannot be trusted, or an empty text.

    Raises:
        FileNotFoundError: there is no such file.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if found.st_uid not in (os.geteuid(), ROOT):
        return f"it belongs to another user ({_name_of(found.st_uid)})"
    return "others may write to it" if found.st_mode & WRITABLE_BY_OTHERS else ""


def check_folder(path: Path) -> None:
    """Check a home folder before its contents are used.

    Raises:
        UsageError: another user could have written them.
    """
    problem = folder_problem(path)
    if problem:
        raise UsageError(
            f"the home folder `{path}` cannot be used: {problem}",
            hint="set LIGHTNING_SWEEPS_HOME to a folder of your own, or let `chown` give you this one",
        )


def check_file(path: Path) -> None:
    """Check a file of a home folder before its contents are used.

    Raises:
        UsageError: another user could have written it.
        FileNotFoundError: there is no such file.
    """
    problem = file_problem(path)
    if problem:
        raise UsageError(f"`{path}` cannot be used: {problem}", hint="delete the file, or set LIGHTNING_SWEEPS_HOME")


def _name_of(uid: int) -> str:
    return f"uid {uid}, you are uid {os.geteuid()}"

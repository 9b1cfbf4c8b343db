"""Starts the service if it is not running. It never forks this process and never waits."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import time

from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home, open_in_folder
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.system.daemon import start_daemon
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.service_lock import is_held
from lightning_sweeps.system.service_state import read_service_state
from lightning_sweeps.system.service_wakeup import wake_service

logger = logging.getLogger("lightning_sweeps")

START_GRACE_S = 5.0
"""How long another process may take to start the service before this one tries."""

_has_warned = False


def ensure_service(home: Home, settings: Settings, *, is_awaited: bool = False) -> None:
    """Start the service of this node and user, unless it is running or another process is starting it.

    Args:
        home: the home folder.
        settings: which kind of service this machine has.
        is_awaited: whether to start it although another process seems to be starting it: that start may have failed.

    If two services start at once, the one that does not get the lock exits. A failure is logged once and never raised:
    the next service uploads the journals.
    """
    if settings.service == "off":
        return
    try:
        if is_held(home):
            wake_service(home)  # it then watches this process, and sees its exit status however soon it ends
            return
        if not (_claim_start(home) or is_awaited):
            return
        if settings.service == "thread":  # imported by name, as a subprocess would: sdk does not depend on service
            importlib.import_module("lightning_sweeps.service.in_thread").start(home, settings)
        else:
            _start(home)
    except OSError as error:
        _warn_once(f"cannot start the service: {error}; rows stay in the journals")


def wake_or_start_service(home: Home, settings: Settings, *, is_awaited: bool = False) -> None:
    """Have everything uploaded now; start the service if it has ended. The arguments are those of `ensure_service`."""
    if not wake_service(home) and settings.service == "process":
        ensure_service(home, settings, is_awaited=is_awaited)


def start_service_if_journals_wait(home: Home, settings: Settings) -> None:
    """Start the service if journals wait in the home folder, for example since the machine was switched off.

    It uploads them and closes the runs of dead processes.
    """
    if settings.service == "process" and any(home.journals.glob(f"*{JOURNAL_SUFFIX}")):
        ensure_service(home, settings, is_awaited=True)


def start_service_if_uploads_wait(home: Home, settings: Settings) -> None:
    """Start the service if a journal waits that the last service would have uploaded."""
    if settings.service == "process" and journals_wait(home):
        ensure_service(home, settings, is_awaited=True)


def journals_wait(home: Home) -> bool:
    """Return whether there is a journal in the home folder that a service of this node would upload."""
    names = {path.name.removesuffix(JOURNAL_SUFFIX) for path in home.journals.glob(f"*{JOURNAL_SUFFIX}")}
    names = {name for name in names if not home.rejection(name).exists()}
    return bool(names) and not names <= set(read_service_state(home).ignored)


def _claim_start(home: Home) -> bool:
    """Return whether this process should start the service. Only one of many processes should."""
    claim = home.service_start(node_id())
    try:
        os.close(open_in_folder(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        with contextlib.suppress(FileNotFoundError):  # the service that was started has just deleted it
            if 0 <= time.time() - claim.stat().st_mtime < START_GRACE_S:
                return False
        claim.touch()  # the previous start failed
    return True


def _start(home: Home) -> None:
    process = start_daemon("lightning_sweeps.service", "--detach", home=home, log=home.service_log)
    # the service detaches itself; without this, Python warns about a child process that was not waited for
    process.returncode = 0


def _warn_once(message: str) -> None:
    global _has_warned
    if not _has_warned:
        _has_warned = True
        logger.warning("%s (logged once)", message)

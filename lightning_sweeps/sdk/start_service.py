"""Start the service when none runs: never by fork, never waited for."""

from __future__ import annotations

import importlib
import logging
import os
import time

from lightning_sweeps.core.paths import Home, open_in_folder
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.system.daemon import start_daemon
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.service_lock import is_held

logger = logging.getLogger("lightning_sweeps")

STARTING_S = 5.0
"""How long a start that another process has begun is given before it is begun again."""

_warned = False


def ensure_service(home: Home, settings: Settings) -> None:
    """Start the service of this node and user unless one runs or is just being started.

    A service may lose the race for the lock and end at once: that is fine. What goes wrong here is said once and never
    raised: journals wait for the next service.
    """
    if settings.service == "off":
        return
    try:
        if is_held(home) or not _claim_start(home):
            return
        if settings.service == "thread":  # by its name, as the subprocess is: the sdk does not know the service
            importlib.import_module("lightning_sweeps.service.in_thread").start(home, settings)
        else:
            _start(home)
    except OSError as error:
        _warn_once(f"cannot start the service: {error}; rows stay in the journals")


def _claim_start(home: Home) -> bool:
    """Let one of many processes that start at once start the service."""
    claim = home.service_start(node_id())
    try:
        os.close(open_in_folder(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        if 0 <= time.time() - claim.stat().st_mtime < STARTING_S:
            return False
        claim.touch()  # the start before this one came to nothing, or the service has ended since
    return True


def _start(home: Home) -> None:
    process = start_daemon("lightning_sweeps.service", "--detach", home=home, log=home.service_log)
    process.returncode = 0  # it detaches and ends by itself: nobody is to wait for it, nor to be warned that nobody did


def _warn_once(message: str) -> None:
    global _warned
    if not _warned:
        _warned = True
        logger.warning("%s (said once)", message)

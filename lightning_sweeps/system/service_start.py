"""Starts the service for journals that a machine has left, for example when it was switched off."""

from __future__ import annotations

import logging

from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.system.daemon import start_daemon
from lightning_sweeps.system.service_lock import is_held

logger = logging.getLogger("lightning_sweeps")


def start_service_if_journals_wait(home: Home, settings: Settings) -> None:
    """Start the service if journals wait in the home folder and no service runs. It closes the runs of dead processes.

    A failure is logged and not raised: whoever calls has other work to do.
    """
    if settings.service == "off" or not any(home.journals.glob(f"*{JOURNAL_SUFFIX}")):
        return
    try:
        if not is_held(home):
            process = start_daemon("lightning_sweeps.service", "--detach", home=home, log=home.service_log)
            process.returncode = 0  # it detaches itself; nobody waits for it
    except OSError as error:
        logger.warning("cannot start the service: %s; journals stay in `%s`", error, home.journals)

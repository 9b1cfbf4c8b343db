"""`python -m lightning_sweeps.service`: one per node and user; the lock file makes it single."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.service.loop import Service
from lightning_sweeps.system import service_lock


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m lightning_sweeps.service",
        description="Ships journals to the server, samples this machine and watches the ranks. Started when needed.",
    )
    parser.add_argument("--home", type=Path, help="the home folder (default: LIGHTNING_SWEEPS_HOME)")
    parser.add_argument("--detach", action="store_true", help="leave the process tree of whoever starts it")
    options = parser.parse_args()
    settings = read_settings()
    settings = replace(settings, home=options.home or settings.home)
    home = Home(settings.home)
    if options.detach and os.fork() > 0:
        os._exit(0)  # the service is nobody's child: no tree that is ended can take it along
    if service_lock.take(home) is None:
        return 0  # another one of this node is there already
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    service = Service(home, settings)
    signal.signal(signal.SIGTERM, lambda *_: service.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the trainer; the service outlives it
    service.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

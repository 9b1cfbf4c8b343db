"""`python -m lightning_sweeps.service`: one process per node and user, ensured by a lock file."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from lightning_sweeps.core.ownership import folder_problem
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import EXIT_USAGE
from lightning_sweeps.service.lifetime import Lifetime


def main() -> int:
    """Run the service and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m lightning_sweeps.service",
        description="Uploads journals, samples this machine and watches the ranks. It is started automatically.",
    )
    parser.add_argument("--home", type=Path, help="home folder (default: LIGHTNING_SWEEPS_HOME)")
    parser.add_argument("--detach", action="store_true", help="leave the process tree of the process that starts it")
    options = parser.parse_args()
    settings = read_settings()
    settings = replace(settings, home=options.home or settings.home)
    home = Home(settings.home)
    problem = folder_problem(home.root)
    if problem:
        print(f"error: the home folder `{home.root}` cannot be used: {problem}", file=sys.stderr)
        return EXIT_USAGE
    if options.detach and os.fork() > 0:
        os._exit(0)  # the service must not end with the process tree that started it
    lifetime = Lifetime(home, settings)
    if not lifetime.take_lock():
        return 0  # the service of this node is already running
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: lifetime.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the trainer, which the service outlives
    lifetime.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

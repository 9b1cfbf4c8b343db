"""Runs the service in a thread of the training process, for environments that allow no subprocess.

It does the work of the subprocess while the training process is running. Rows that are not uploaded by its end stay in
the journals.
"""

from __future__ import annotations

import atexit
import threading

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.service.lifetime import Lifetime

EXIT_TIMEOUT_S = 1.0
"""How long the interpreter's exit waits for the last upload."""


def start(home: Home, settings: Settings) -> None:
    """Run the service in a daemon thread, unless this node already has one. It ends with the interpreter."""
    lifetime = Lifetime(home, settings)
    if not lifetime.take_lock():
        return
    thread = threading.Thread(target=lifetime.run, name="lightning-sweeps service", daemon=True)
    thread.start()

    def end() -> None:
        lifetime.stop()
        thread.join(EXIT_TIMEOUT_S)

    atexit.register(end)

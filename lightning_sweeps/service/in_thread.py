"""The service in a thread of the training process: for places where no subprocess may be started.

It does what the subprocess does as long as the process lives; what is left then waits in the journals.
"""

from __future__ import annotations

import atexit
import os
import threading

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.service.loop import Service
from lightning_sweeps.system import service_lock

END_S = 1.0
"""How long the interpreter's end waits for the last shipping."""


def start(home: Home, settings: Settings) -> None:
    """Run the service in a daemon thread, unless one runs already; it ends with the interpreter."""
    lock = service_lock.take(home)
    if lock is None:
        return
    service = Service(home, settings)

    def run() -> None:
        try:
            service.run()
        finally:
            os.close(lock)

    thread = threading.Thread(target=run, name="lightning-sweeps service", daemon=True)
    thread.start()

    def end() -> None:
        service.stop()
        thread.join(END_S)

    atexit.register(end)

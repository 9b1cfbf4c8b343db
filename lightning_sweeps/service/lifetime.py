"""Runs the service under the lock of its node, and again if a program has started while it ended.

A program creates its journal and then checks the lock: if a service holds it, the program starts none. The service
releases the lock and then looks for new journals. So either the program finds the lock free, or the service finds the
journal. A service that was replaced by another version starts that one.
"""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.service.loop import Service
from lightning_sweeps.system import service_lock
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.start_service import ensure_service


@dataclass(slots=True)
class Lifetime:
    """The life of a service process or thread."""

    home: Home
    settings: Settings
    _lock: int | None = None
    _service: Service | None = None
    _is_stopping: bool = False

    def take_lock(self) -> bool:
        """Become the service of this node; return False if it has one already. Call `run` next."""
        self._lock = service_lock.take(self.home)
        if self._lock is not None:
            self.home.service_start(node_id()).unlink(missing_ok=True)  # this start is over
        return self._lock is not None

    def run(self) -> None:
        """Run until there is nothing left to do, or until `stop`."""
        while self._lock is not None:
            self._service = service = Service(self.home, self.settings)
            if self._is_stopping:
                service.stop()
            try:
                service.run()
            finally:
                service_lock.release(self.home, self._lock)
                self._lock = None
            if not self._is_stopping and service.is_replaced:
                ensure_service(self.home, self.settings, is_awaited=True)
            elif not self._is_stopping and service.has_work_again():
                self.take_lock()

    def stop(self) -> None:
        """Make `run` return after a last upload. May be called from a signal handler or another thread."""
        self._is_stopping = True
        if self._service is not None:
            self._service.stop()

"""The checks of `lightning-sweeps doctor`: one file per subject. A new check is one function and one line here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from lightning_sweeps.cli.doctor_checks import gpus, home, leftovers, machine, packages, ranks, server, service
from lightning_sweeps.cli.doctor_checks.finding import Check, Finding, Machine
from lightning_sweeps.errors import LightningSweepsError

CHECKS: dict[str, Check] = {
    "packages": Check(packages.find),
    "settings": Check(machine.find_settings),
    "gpu": Check(gpus.find),
    "ranks": Check(ranks.find, deadline_s=ranks.DEADLINE_S + 5),
    "home": Check(home.find),
    "leftovers": Check(leftovers.find, deadline_s=10),
    "service": Check(service.find),
    "server": Check(server.find, deadline_s=10),
    "network": Check(machine.find_network),
    "memory": Check(machine.find_shared_memory),
}


def run_checks(machine: Machine, checks: dict[str, Check]) -> Iterator[Finding]:
    """Run the checks at the same time, and yield their findings in order.

    A check that hangs, for example on a file system that does not answer, is left behind at its deadline.
    """
    began = time.monotonic()
    running = [_Running(name, check, machine) for name, check in checks.items()]
    for each in running:
        each.thread.join(max(0.0, began + each.check.deadline_s - time.monotonic()))
        yield from each.findings()


class _Running:
    """A check in a thread of its own, which does not keep the process alive."""

    def __init__(self, name: str, check: Check, machine: Machine) -> None:
        self.name, self.check = name, check
        self._found: list[Finding] | None = None
        self.thread = threading.Thread(target=self._run, args=(machine,), name=f"doctor-{name}", daemon=True)
        self.thread.start()

    def _run(self, machine: Machine) -> None:
        try:
            self._found = list(self.check.find(machine))
        except LightningSweepsError as error:
            self._found = [Finding(self.name, "fail", error.message, error.hint or "")]
        except Exception as error:  # a broken machine may break a check in any way; that is a finding
            self._found = [Finding(self.name, "fail", f"the check failed: {type(error).__name__}: {error}")]

    def findings(self) -> list[Finding]:
        if self._found is not None:
            return self._found
        return [
            Finding(
                self.name,
                "fail",
                f"no answer within {self.check.deadline_s:.0f} s",
                "look for a disk, a name server or a driver that does not answer: `dmesg`, `df`, `nvidia-smi`",
            )
        ]

"""Checks the service of this machine: whether it runs, and whether journals wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from lightning_sweeps.cli.doctor_checks.finding import Finding, Machine
from lightning_sweeps.system import service_lock
from lightning_sweeps.system.uploads import missing_now

CHECK = "service"


def find(machine: Machine) -> Iterator[Finding]:
    """Say whether rows reach the server."""
    settings, home = machine.settings, machine.home
    missing = missing_now(home)
    waiting, problem = missing.sizes, missing.problem
    is_running = service_lock.is_held(home)
    count = f"{len(waiting)} journal{'' if len(waiting) == 1 else 's'}"
    log = f"read `{home.service_log}`"
    if is_running and problem:
        said, _, hint = problem.partition("\nhint: ")
        yield Finding(CHECK, "fail", f"it runs, and cannot upload {count}: {said}", hint or log)
    elif is_running:
        yield Finding(CHECK, "ok", f"it runs; {count} with rows that the server does not have yet")
    elif waiting:
        because = "LIGHTNING_SWEEPS_SERVICE is `off`" if settings.service == "off" else "it does not run"
        because += f", last problem: {problem}" if problem else ""
        yield Finding(CHECK, "warn", f"{count} wait: {because}", "`lightning-sweeps runs` uploads them, or `sync`")
    else:
        yield Finding(CHECK, "ok", "it does not run, and nothing waits; programs start it when they log")

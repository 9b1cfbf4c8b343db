"""Lists what earlier work left in the home folder: trial folders, rejected and offline journals, logs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from lightning_sweeps.cli.doctor_checks.finding import Finding, Machine
from lightning_sweeps.core.durations import DAY_S
from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.system.home_cleanup import HomeCleanup, RejectedLeftover

CHECK = "leftovers"
MIB = 2**20
SHOWN = 5


def find(machine: Machine) -> Iterator[Finding]:
    """List sizes and ages, and when the cleanup deletes them."""
    settings, home = machine.settings, machine.home
    cleanup = HomeCleanup(home, settings.keep, settings.keep_gib)
    trials = list(cleanup.trials())
    if trials:
        size = sum(trial.size_bytes for trial in trials) / MIB
        oldest_days = (time.time() - min(trial.modified for trial in trials)) / DAY_S
        folders = "1 folder of an ended trial" if len(trials) == 1 else f"{len(trials)} folders of ended trials"
        yield Finding(
            CHECK, "ok", f"{folders}, {size:.1f} MiB, the oldest of {oldest_days:.1f} days ago; {_kept(settings)}"
        )
    yield from _rejected(list(cleanup.rejected_journals()), settings)
    yield from _offline(home)
    logs = [path for path in (home.service_log, home.server_log) if path.exists()]
    if logs:
        sizes = ", ".join(f"{path.name} {path.stat().st_size / MIB:.1f} MiB" for path in logs)
        yield Finding(CHECK, "ok", f"logs: {sizes}; a long log is shortened")
    if not trials and not logs:
        yield Finding(CHECK, "ok", f"nothing is left of earlier work; {_kept(settings)}")


def _kept(settings: Settings) -> str:
    age = "forever" if settings.keep is None else f"for {settings.keep / DAY_S:g} days"
    size = "" if settings.keep_gib is None else f", {settings.keep_gib:g} GiB together"
    return f"kept {age}{size} (`--keep`, LIGHTNING_SWEEPS_KEEP)"


def _rejected(journals: list[RejectedLeftover], settings: Settings) -> Iterator[Finding]:
    for journal in journals[:SHOWN]:
        yield Finding(
            CHECK,
            "warn",
            f"the server rejected the journal `{journal.path}`: {journal.reason or 'no reason is recorded'};"
            f" {_deletion(journal, settings)}",
            "`lightning-sweeps sync --retry` tries it again; copy the file to keep it",
        )
    if len(journals) > SHOWN:
        yield Finding(CHECK, "warn", f"{len(journals) - SHOWN} more journals were rejected", "`lightning-sweeps runs`")


def _deletion(journal: RejectedLeftover, settings: Settings) -> str:
    if not journal.is_told:
        return "it is kept until the server knows about it"
    if settings.keep is None:
        return "it is kept forever"
    days = (journal.leftover.modified + settings.keep - time.time()) / DAY_S
    return "the next cleanup deletes it" if days <= 0 else f"it is deleted in {days:.1f} days"


def _offline(home: Home) -> Iterator[Finding]:
    journals = _journals(home.offline)
    if journals:
        size = sum(path.stat().st_size for path in journals) / MIB
        many = "1 journal" if len(journals) == 1 else f"{len(journals)} journals"
        yield Finding(CHECK, "warn", f"{many} of offline runs wait, {size:.1f} MiB", "`lightning-sweeps sync`")


def _journals(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{JOURNAL_SUFFIX}"))

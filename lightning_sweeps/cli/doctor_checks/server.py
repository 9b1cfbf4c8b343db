"""Checks the server: which one is used and why, whether it answers, its version, the API key, and its clock."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lightning_sweeps import __version__
from lightning_sweeps.cli.doctor_checks.finding import Finding, Machine
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import find_server
from lightning_sweeps.core.installation import ADD_SERVER, has_server
from lightning_sweeps.core.settings import default_url, environment

CHECK = "server"
TIMEOUT_S = 4.0
CLOCK_S = 5.0
"""Clocks may differ by this much. Times in tables and leases come from the server, times of rows from this machine."""


def find(machine: Machine) -> Iterator[Finding]:
    """Say which server commands and programs use, and whether it works. Starts none."""
    settings, home = machine.settings, machine.home
    address = find_server(settings)
    if address is None and not has_server():
        yield Finding(
            CHECK,
            "warn",
            "no server is set, and this installation has none: rows wait on this machine",
            f"`lightning-sweeps login URL` sets one; {ADD_SERVER}",
        )
        return
    if address is None:
        yield Finding(CHECK, "ok", f"no server runs for `{home.root}`; a command or program starts one when needed")
        return
    if environment().get("LIGHTNING_SWEEPS_URL"):
        why = "LIGHTNING_SWEEPS_URL names it"
    elif settings.url and settings.url == default_url(home):
        why = f"`lightning-sweeps login` chose it; `lightning-sweeps logout {settings.url}` undoes that"
    else:
        why = f"the local server of `{home.root}`"
    yield Finding(CHECK, "ok", f"{address.url}: {why}")
    with Client(address.url, address.token, timeout_s=TIMEOUT_S, ca_file=settings.ca_file) as client:
        yield _version(client.health().version)
        client.projects()  # raises if the server does not accept the key
        yield Finding(CHECK, "ok", "it accepts the API key")
        yield _clock(client)


def _version(version: str) -> Finding:
    if version == __version__:
        return Finding(CHECK, "ok", f"it answers, version {version}")
    return Finding(
        CHECK,
        "warn",
        f"it answers, with version {version}; this is {__version__}",
        "install the same version on both: `pip install -U lightning-sweeps`, then restart the server",
    )


def _clock(client: Client) -> Finding:
    before = time.time()
    server = client.clock()
    after = time.time()
    ahead_s = server - (before + after) / 2
    if abs(ahead_s) <= CLOCK_S + (after - before):
        return Finding(CHECK, "ok", "its clock and this one agree")
    direction = "ahead of" if ahead_s > 0 else "behind"
    return Finding(
        CHECK,
        "warn",
        f"its clock is {abs(ahead_s):.0f} s {direction} this machine's: durations and ages are wrong",
        "`sudo timedatectl set-ntp true` on both machines",
    )

"""Checks the settings, the network of this machine, and its shared memory."""

from __future__ import annotations

import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from lightning_sweeps.cli.doctor_checks.finding import Finding, Machine
from lightning_sweeps.server.process.options import LOOPBACK
from lightning_sweeps.system.local_server import last_port, read_server_file

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  only its size is read
LEAST_SHARED_BYTES = 256 * 2**20
"""Containers have 64 MiB by default, which one DataLoader with workers fills."""
LEAST_FILES = 1024


def find_settings(machine: Machine) -> Iterator[Finding]:
    """Say which settings keep rows on this machine, and which come from W&B's variables."""
    settings = machine.settings
    if settings.mode == "offline":
        yield Finding(
            "settings",
            "warn",
            "LIGHTNING_SWEEPS_MODE is `offline`: rows stay on this machine",
            "`lightning-sweeps sync` uploads them; `unset LIGHTNING_SWEEPS_MODE` uploads the next ones at once",
        )
    elif settings.mode == "disabled":
        yield Finding(
            "settings",
            "warn",
            "LIGHTNING_SWEEPS_MODE is `disabled`: nothing is logged",
            "`unset LIGHTNING_SWEEPS_MODE`",
        )
    if settings.from_wandb:
        yield Finding("settings", "ok", f"from W&B's variables: {', '.join(settings.from_wandb)}")
    if settings.mode == "online" and not settings.from_wandb:
        yield Finding("settings", "ok", "every variable LIGHTNING_SWEEPS_* has an allowed value")


def find_network(machine: Machine) -> Iterator[Finding]:
    """Check this machine's name and its local ports: ranks and the local server need both."""
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, None)
        yield Finding("network", "ok", f"the host name `{name}` has an address")
    except OSError as error:
        yield Finding(
            "network",
            "warn",
            f"the host name `{name}` has no address ({error.strerror or error}); ranks may not find each other",
            f"`echo '{LOOPBACK} {name}' | sudo tee -a /etc/hosts`, or set GLOO_SOCKET_IFNAME and NCCL_SOCKET_IFNAME",
        )
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
    port = last_port(machine.home)
    if port and not machine.settings.url and read_server_file(machine.home.server_file) is None and _is_taken(port):
        yield Finding(
            "network",
            "warn",
            f"port {port} of the last local server is used by another program; the next one takes another port",
            f"`ss -ltnp 'sport = :{port}'` names the program; `lightning-sweeps ui` prints the new address",
        )
    else:
        yield Finding("network", "ok", "local ports can be opened")


def find_shared_memory(machine: Machine) -> Iterator[Finding]:
    """Check what workers of a DataLoader need: shared memory and open files."""
    del machine
    if SHARED_MEMORY.exists():
        usage = shutil.disk_usage(SHARED_MEMORY)
        free = f"{usage.free / 2**20:.0f} of {usage.total / 2**20:.0f} MiB of shared memory are free"
        if usage.free < LEAST_SHARED_BYTES:
            yield Finding(
                "memory",
                "warn",
                f"{free}; workers of a DataLoader may die with `bus error`",
                "in a container: `docker run --shm-size=8g ...`, or `--ipc=host`; else delete files in /dev/shm",
            )
        else:
            yield Finding("memory", "ok", free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < LEAST_FILES and soft != resource.RLIM_INFINITY:
        yield Finding("memory", "warn", f"a process may open {soft} files", f"`ulimit -n {min(hard, 65536)}`")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False

"""Runs a real ssh server on this machine, with keys of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.agents.slurm import free_ports
from tests.servers import wait_until

SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
PRIVILEGE_SEPARATION = Path("/run/sshd")
CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile {folder}/sshd.pid
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
UP_S = 30
END_S = 10


def missing_programs() -> str:
    """Return which programs are missing, or an empty string."""
    missing = [name for name in ("sshd", "ssh", "ssh-keygen") if shutil.which(name, path=SEARCHED) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: openssh-server, openssh-client)"
    return "" if os.geteuid() == 0 else "an ssh server for tests needs root"


@dataclass(frozen=True, slots=True)
class SshServer:
    """A running ssh server. `options` are for `ssh -o`; `host` is the only host."""

    host: str
    options: tuple[str, ...]


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """Start the server, and end it with its sessions at the end."""
    for name in ("host_key", "key"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True, timeout=UP_S)
    PRIVILEGE_SEPARATION.mkdir(exist_ok=True)
    (port,) = free_ports(1)
    config = folder / "sshd_config"
    config.write_text(CONFIG.format(port=port, folder=folder))
    program = shutil.which("sshd", path=SEARCHED)
    assert program is not None
    log = folder / "sshd.log"
    subprocess.run([program, "-f", str(config), "-E", str(log)], check=True, timeout=UP_S)  # it detaches itself
    options = (
        f"Port={port}",
        f"IdentityFile={folder / 'key'}",
        "IdentitiesOnly=yes",
        "StrictHostKeyChecking=no",
        f"UserKnownHostsFile={folder / 'known_hosts'}",
        "LogLevel=ERROR",
    )
    wait_until((folder / "sshd.pid").exists, timeout_s=UP_S, what="sshd")
    server = psutil.Process(int((folder / "sshd.pid").read_text()))
    try:
        yield SshServer(f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1", options)
    finally:
        server.terminate()
        wait_until(lambda: not psutil.pid_exists(server.pid), timeout_s=END_S, what="the end of sshd")

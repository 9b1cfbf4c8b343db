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

from tests.agents.slurm import free_ports
from tests.servers import wait_until

SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
PRIVILEGE_SEPARATION = Path("/run/sshd")
CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
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
    pid: int


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
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=log)
    options = (
        f"Port={port}",
        f"IdentityFile={folder / 'key'}",
        "IdentitiesOnly=yes",
        "StrictHostKeyChecking=no",
        f"UserKnownHostsFile={folder / 'known_hosts'}",
        "LogLevel=ERROR",
    )
    try:
        wait_until(lambda: "listening" in (folder / "sshd.log").read_text(), timeout_s=UP_S, what="sshd")
        yield SshServer(f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1", options, process.pid)
    finally:
        process.terminate()
        process.wait(END_S)

"""Which server to talk to: the one that the settings name, else this machine's own, started when first needed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from lightning_sweeps.client import Client
from lightning_sweeps.client.transport import READ_TIMEOUT_S
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home, make_private_folder, write_whole
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.errors import ServerStartFailed, ServerUnreachable, UsageError
from lightning_sweeps.system.daemon import start_daemon

START_DEADLINE_S = 30.0
LOOK_INTERVAL_S = 0.05
LOG_TAIL_LINES = 5
SAME_START_S = 1.5
"""Two readings of one process's start time differ by no more: they come from the boot time, which the clock moves."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    url: str
    token: str


def connect(
    *,
    start_local: bool = True,
    deadline_s: float = START_DEADLINE_S,
    settings: Settings | None = None,
    timeout_s: float = READ_TIMEOUT_S,
) -> Client:
    """Return a client of the server that the settings name, or of the local one.

    Args:
        start_local: start the local server where none runs and the settings name no other.
        deadline_s: how long its start may take.
        timeout_s: the longest that one request of the client may wait for the next byte.

    Raises:
        ServerUnreachable: no local server runs and none was to be started.
        ServerStartFailed: the local server did not come up in time; the message holds the end of its log.
    """
    settings = settings or read_settings()
    address = find_server(settings)
    if address is None and start_local:
        address = start_local_server(Home(settings.home), deadline_s=deadline_s)
    if address is None:
        raise ServerUnreachable(
            f"no local server runs for the home folder `{settings.home}`",
            hint="start one with `lightning-sweeps server`, or name one with LIGHTNING_SWEEPS_URL",
        )
    return Client(address.url, address.token, timeout_s=timeout_s, ca_file=settings.ca_file)


def find_server(settings: Settings) -> ServerAddress | None:
    """Return where the server is: named by the settings, or the local one if it lives; None where there is none."""
    if settings.url:
        key = settings.api_key or _logins(Home(settings.home)).get(settings.url, "")
        return ServerAddress(settings.url, key)
    file = read_server_file(Home(settings.home).server_file)
    return ServerAddress(file.url, file.token) if file is not None else None


def keep_login(home: Home, url: str, key: str) -> None:
    """Keep the key of another server in the home folder; it counts where `LIGHTNING_SWEEPS_API_KEY` is empty."""
    write_whole(home.logins, msgspec.json.encode({**_logins(home), url: key}))


def forget_login(home: Home, url: str) -> bool:
    """Forget the key of a server; return whether one was kept."""
    kept = _logins(home)
    if url not in kept:
        return False
    del kept[url]
    write_whole(home.logins, msgspec.json.encode(kept))
    return True


def _logins(home: Home) -> dict[str, str]:
    try:
        return msgspec.json.decode(home.logins.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        raise UsageError(f"`{home.logins}` cannot be read ({error})", hint="delete it and log in again") from None


def read_server_file(path: Path) -> ServerFile | None:
    """Return what the local server wrote of itself, or None where no living server did."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=ServerFile)
        process = psutil.Process(file.pid)
        lives = process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - file.started) < SAME_START_S
    except (OSError, msgspec.DecodeError, psutil.Error):
        return None
    return file if lives else None


def start_local_server(home: Home, *, deadline_s: float) -> ServerAddress:
    """Start this machine's server and wait until it answers; where several start it at once, one wins.

    Raises:
        ServerStartFailed: none was up by the deadline.
    """
    make_private_folder(home.root)
    process = start_daemon("lightning_sweeps.server", home=home, log=home.server_log)
    deadline = time.monotonic() + deadline_s
    ended_at: float | None = None
    while (now := time.monotonic()) < deadline:
        file = read_server_file(home.server_file)
        if file is not None:
            process.returncode = 0  # it lives on its own from here: nobody waits for it
            return ServerAddress(file.url, file.token)
        if process.poll() is not None:
            ended_at = ended_at or now
            if now - ended_at > deadline_s / 4:  # lost the race for the lock, and the winner does not come up either
                break
        time.sleep(LOOK_INTERVAL_S)
    raise ServerStartFailed(
        f"the local server did not start within {deadline_s:.0f} s; the end of its log:\n{_tail(home.server_log)}",
        hint=f"see `{home.server_log}`, or start it yourself with `lightning-sweeps server`",
    )


def _tail(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:])

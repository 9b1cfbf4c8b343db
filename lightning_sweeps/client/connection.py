"""Connects to the server of the settings, or to this machine's local server, which it starts if necessary."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from lightning_sweeps.client import Client
from lightning_sweeps.client.transport import READ_TIMEOUT_S
from lightning_sweeps.core.installation import ADD_SERVER, has_server
from lightning_sweeps.core.ownership import check_file, check_folder
from lightning_sweeps.core.paths import Home, make_private_folder, write_whole
from lightning_sweeps.core.settings import Settings, default_url, read_settings
from lightning_sweeps.errors import ServerStartFailed, ServerUnreachable, UsageError
from lightning_sweeps.system.daemon import start_daemon
from lightning_sweeps.system.local_server import read_last_server, read_server_file, why_not_start
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.start_service import start_service_if_journals_wait

START_DEADLINE_S = 30.0
LOOK_INTERVAL_S = 0.05
REACH_S = 2.0
"""How long a server in another container may take to accept a connection."""
LOG_TAIL_LINES = 5


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Address of a server, with the API key for it."""

    url: str
    token: str


def connect(
    *,
    start_local: bool = True,
    is_background: bool = False,
    deadline_s: float = START_DEADLINE_S,
    settings: Settings | None = None,
    timeout_s: float = READ_TIMEOUT_S,
) -> Client:
    """Return a client of the server of the settings, or of the local server.

    Args:
        start_local: whether to start the local server if it is not running and the settings contain no URL.
        is_background: whether no person waits for the answer. Then a server that somebody stopped is not started.
        deadline_s: how long the start may take.
        settings: default: those of the environment.
        timeout_s: maximum time that a request of the client waits for the next byte.

    Raises:
        ServerUnreachable: no local server is running, and none may be started; or it runs in a container that cannot be
            reached from here.
        UsageError: the home folder, or a file of it, belongs to another user.
        ServerStartFailed: the local server did not start in time; the message contains the end of its log.
    """
    settings = settings or read_settings()
    if not is_background:  # the service itself connects in the background: it would wake itself without a pause
        start_service_if_journals_wait(Home(settings.home), settings)
    address = find_server(settings)
    if address is not None and not settings.url:
        _check_reachable(Home(settings.home))
    if address is None and start_local:
        refusal = why_not_start(read_last_server(Home(settings.home)), is_background=is_background)
        if refusal is not None:
            raise refusal
        if not has_server():
            raise ServerUnreachable(
                "no server is set, and this installation has none",
                hint=f"`lightning-sweeps login URL` sets one, or LIGHTNING_SWEEPS_URL; {ADD_SERVER}",
            )
        address = start_local_server(Home(settings.home), deadline_s=deadline_s)
    if address is None:
        raise ServerUnreachable(
            f"no local server runs for the home folder `{settings.home}`",
            hint="start one with `lightning-sweeps server`, or set LIGHTNING_SWEEPS_URL to a server's address",
            is_refused=True,
        )
    return Client(address.url, address.token, timeout_s=timeout_s, ca_file=settings.ca_file)


def find_server(settings: Settings) -> ServerAddress | None:
    """Return the address of the server of the settings, or of the running local server, or None."""
    if settings.url:
        key = settings.api_key or list_logins(Home(settings.home)).get(settings.url, "")
        return ServerAddress(settings.url, key)
    check_folder(settings.home)
    file = read_server_file(Home(settings.home).server_file)
    return ServerAddress(file.url, file.token) if file is not None else None


def keep_login(home: Home, url: str, key: str) -> None:
    """Save the API key of a server in the home folder, and make that server the default of this machine.

    The key is used if `LIGHTNING_SWEEPS_API_KEY` is not set.
    """
    write_whole(home.logins, msgspec.json.encode({**list_logins(home), url: key}))
    write_whole(home.default_url, url.encode())


def forget_login(home: Home, url: str) -> bool:
    """Delete the saved API key of a server; return whether there was one. It is no longer the default."""
    if default_url(home) == url:
        home.default_url.unlink(missing_ok=True)
    kept = list_logins(home)
    if url not in kept:
        return False
    del kept[url]
    write_whole(home.logins, msgspec.json.encode(kept))
    return True


def list_logins(home: Home) -> dict[str, str]:
    """Return the saved API keys by the address of their server."""
    try:
        check_file(home.logins)
        return msgspec.json.decode(home.logins.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        raise UsageError(f"`{home.logins}` cannot be read ({error})", hint="delete the file and log in again") from None


def _check_reachable(home: Home) -> None:
    """Check that the server of a home folder can be reached if it runs in another container.

    Raises:
        ServerUnreachable: it cannot.
    """
    file = read_server_file(home.server_file)
    if file is None or file.node in ("", node_id()):
        return
    address = urlsplit(file.url)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout=REACH_S).close()
    except OSError as error:
        raise ServerUnreachable(
            f"the server of the home folder `{home.root}` runs on `{file.host}`, another container or machine,"
            f" and its address `{file.url}` cannot be reached from here ({error.strerror or error})",
            hint="start it there with `lightning-sweeps server --host 0.0.0.0` and set LIGHTNING_SWEEPS_URL here,"
            " share its network, or set LIGHTNING_SWEEPS_HOME to another folder",
        ) from None


def start_local_server(home: Home, *, deadline_s: float) -> ServerAddress:
    """Start the local server and wait until it responds. If several processes do this at once, one server starts.

    Raises:
        ServerStartFailed: no server was running at the deadline.
    """
    make_private_folder(home.root)
    process = start_daemon("lightning_sweeps.server", "--automatic", home=home, log=home.server_log)
    deadline = time.monotonic() + deadline_s
    ended_at: float | None = None
    while (now := time.monotonic()) < deadline:
        file = read_server_file(home.server_file)
        if file is not None:
            process.returncode = 0  # do not wait for the server: it outlives this process
            return ServerAddress(file.url, file.token)
        if process.poll() is not None:
            ended_at = ended_at or now
            if now - ended_at > deadline_s / 4:  # another process had the lock, but its server does not start
                break
        time.sleep(LOOK_INTERVAL_S)
    raise ServerStartFailed(
        f"the local server did not start within {deadline_s:.0f} s; the end of its log is:\n{_tail(home.server_log)}",
        hint=f"read `{home.server_log}`, or start it yourself with `lightning-sweeps server`",
    )


def _tail(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:])

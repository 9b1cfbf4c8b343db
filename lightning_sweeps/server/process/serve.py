"""One server process: its lock, key and database, the socket it listens on, and the file that says where it is."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import msgspec
import psutil
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import DatabaseError

from lightning_sweeps import __version__
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import PRIVATE_FILE, Home, make_private_folder, write_whole
from lightning_sweeps.errors import EXIT_FAILURE, ServerStartFailed, UsageError
from lightning_sweeps.server.app import create_app
from lightning_sweeps.server.context import Limits
from lightning_sweeps.server.process.logs import LogFormat, log_json
from lightning_sweeps.server.routes.sweeps import LEASE_S
from lightning_sweeps.server.routes.views import framing
from lightning_sweeps.server.security.authentication import keep_key, new_key
from lightning_sweeps.server.security.hosts import Hosts
from lightning_sweeps.store.blobs.blob_storage import open_blob_storage
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate

LOOPBACK = "127.0.0.1"
DRAIN_S = 2
"""How long open requests may go on after the signal to end."""
END_S = 4.5
"""After this time from the signal the process ends, whatever still hangs."""
KEEP_ALIVE_S = 75
BACKLOG = 2048
PORTS = 65536
EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104  compared with, not bound to


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its chain, and its key: PEM files."""

    file: Path
    key_file: Path


def certificate_of(file: str | None, key_file: str | None) -> Certificate | None:
    """Return the certificate that was given, None where none was.

    Raises:
        UsageError: one of the two files is missing, or cannot be used.
    """
    if not file and not key_file:
        return None
    if not file or not key_file:
        raise UsageError("HTTPS takes a certificate and its key", hint="give --tls-certificate and --tls-key")
    found = Certificate(Path(file).expanduser().absolute(), Path(key_file).expanduser().absolute())
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(found.file, found.key_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"`{file}` and `{key_file}` are no certificate with its key ({error})") from None
    return found


def serve(
    home: Home,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    database: str | None = None,
    api_key: str = "",
    lease_s: float = LEASE_S,
    blobs: str | None = None,
    limits: Limits | None = None,
    allowed_hosts: Sequence[str] = (),
    embed_origins: Sequence[str] = (),
    certificate: Certificate | None = None,
    log_format: LogFormat = LogFormat.text,
    say: Callable[[str], None] = print,
) -> int:
    """Run a server until SIGTERM or SIGINT and return the exit status. Call it in the main thread.

    Args:
        home: holds the lock, the key, `server.json` and, without `database`, the database; one server per home.
        port: 0 takes a free one.
        database: a URL of SQLite or PostgreSQL.
        api_key: the key to let in; empty: the one kept in the home folder, made at the first start.
        lease_s: an agent that is not heard of for this long loses its trial.
        blobs: the folder for files of media and artifacts, or the URL of one (`store/files/remote.py`), which several
            servers may share; default: in the home.
        limits: how much of them is taken.
        allowed_hosts: names under which browsers may ask besides this machine's own; the first is the one that the
            server calls itself by.
        embed_origins: pages that may frame a view, besides those of the browser's own machine: `https://jupyter.example.org`.
        certificate: for HTTPS; None: plain HTTP.
        log_format: of what is logged to stderr.
        say: gets one line with the address once the server accepts, and a warning where traffic can be overheard.

    Raises:
        ServerStartFailed: another server runs on this home, the address is taken, or the database does not answer.
        UsageError: the host, the database URL or an origin cannot be used.
    """
    framed = framing(embed_origins)
    os.umask(0o077)
    make_private_folder(home.root)
    with _alone(home), _listening(host, port) as listener:
        key = api_key or _kept_key(home)
        store = open_store(database or sqlite_url(home.server_database))
        try:
            _prepare(store, key, name=f"{socket.gethostname()}:{home.root}")
            scheme = "http" if certificate is None else "https"
            named = next((name for name in allowed_hosts if name[:1] not in ("*", ".")), "")
            url = _url(named or (socket.gethostname() if host in EVERY_ADDRESS else host), listener, scheme)

            def ready() -> None:
                near = LOOPBACK if host in EVERY_ADDRESS else host
                _publish(home, _url(near, listener) if certificate is None else url, key)
                say(f"lightning-sweeps server at {url} (API docs: {url}/api/docs)")
                if certificate is None and not _is_loopback(host):
                    say("traffic with this server is not encrypted: use it in a trusted network or behind HTTPS")

            contents = open_blob_storage(blobs, store, folder=home.blobs, near=home.media)
            hosts = Hosts([*allowed_hosts, host])
            app = create_app(store, contents=contents, limits=limits, hosts=hosts, lease_s=lease_s, framing=framed)
            server = _Server(app, ready=ready, certificate=certificate, log_format=log_format)
            server.run(sockets=[listener])
            return 0 if server.was_ready else EXIT_FAILURE
        finally:
            home.server_file.unlink(missing_ok=True)
            store.close()


class _Server(uvicorn.Server):
    """uvicorn that says when it accepts, tells waiting requests that it ends, and ends within `END_S`."""

    def __init__(
        self, app: FastAPI, *, ready: Callable[[], None], certificate: Certificate | None, log_format: LogFormat
    ) -> None:
        if log_format is LogFormat.json:
            log_json()
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=DRAIN_S,
                timeout_keep_alive=KEEP_ALIVE_S,
                backlog=BACKLOG,
                server_header=False,
                log_config=None if log_format is LogFormat.json else uvicorn.config.LOGGING_CONFIG,
                ssl_certfile=certificate.file if certificate is not None else None,
                ssl_keyfile=certificate.key_file if certificate is not None else None,
            )
        )
        self._closing: threading.Event = app.state.closing
        self._ready = ready
        self.was_ready = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and not self.should_exit:
            self.was_ready = True
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that end the server; uvicorn's own version raises them again and so skips our clean-up."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self._closing.is_set():
            self._closing.set()
            last = threading.Timer(END_S, os._exit, args=[EXIT_FAILURE])
            last.daemon = True
            last.start()
        super().handle_exit(sig, frame)


def _prepare(store: Store, key: str, *, name: str) -> None:
    """Bring the database to this version's schema and let `key` in."""
    try:
        migrate(store)
        keep_key(store, key, name=name, now=time.time())
    except DatabaseError as error:
        raise ServerStartFailed(
            f"the database `{store.engine.url.render_as_string()}` cannot be used ({str(error.orig).strip()})",
            hint="does it exist, is it running, and may this user write to it?",
        ) from error


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold the home's server lock; the kernel lets go of it when the process ends in whatever way."""
    with home.server_lock.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerStartFailed(
                f"a server already runs on `{home.root}`{_whereabouts(home)}",
                hint="use that one, end it first, or give this one another home with LIGHTNING_SWEEPS_HOME",
            ) from None
        yield


def _whereabouts(home: Home) -> str:
    try:
        other = msgspec.json.decode(home.server_file.read_bytes(), type=ServerFile)
    except (OSError, msgspec.DecodeError):
        return ", and is still starting"
    return f": {other.url} (pid {other.pid})"


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    if not 0 <= port < PORTS:  # getaddrinfo would silently take the remainder
        raise UsageError(f"`{port}` is no port, allowed are 0 (a free one) to {PORTS - 1}")
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"`{host}` is no address to listen on ({error})") from None
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits 40 ms for an ACK
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise ServerStartFailed(
                f"cannot listen on {host}:{port} ({error})", hint="`--port 0` takes a free port"
            ) from None
        listener.listen(BACKLOG)
        yield listener


def _url(name: str, listener: socket.socket, scheme: str = "http") -> str:
    port = listener.getsockname()[1]
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _kept_key(home: Home) -> str:
    """Return the home's own API key; it is made where there is none."""
    path: Path = home.server_key
    if not path.exists():
        write_whole(path, new_key().encode())
    path.chmod(PRIVATE_FILE)
    return path.read_text().strip()


def _publish(home: Home, url: str, key: str) -> None:
    process = psutil.Process()
    described = ServerFile(url, key, process.pid, process.create_time(), __version__)
    write_whole(home.server_file, msgspec.json.encode(described))

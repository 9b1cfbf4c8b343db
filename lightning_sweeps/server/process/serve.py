"""Runs one server process from its start to its exit."""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from sqlalchemy.exc import DatabaseError

from lightning_sweeps.alerts.registry import read_options
from lightning_sweeps.core.durations import DAY_S
from lightning_sweeps.core.handover import LastServer
from lightning_sweeps.core.ownership import check_folder
from lightning_sweeps.core.paths import Home, make_private_folder
from lightning_sweeps.core.setting_values import server_url
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import EXIT_FAILURE, ServerStartFailed
from lightning_sweeps.server.app import create_app
from lightning_sweeps.server.context import StorageLimits
from lightning_sweeps.server.process.address import EVERY_ADDRESS, is_loopback, listening, networks, url_of
from lightning_sweeps.server.process.alert_watch import AlertWatch
from lightning_sweeps.server.process.certificate import Certificate
from lightning_sweeps.server.process.home_files import publish, server_lock, stored_key
from lightning_sweeps.server.process.http_server import HttpServer
from lightning_sweeps.server.process.journal_watch import JournalWatch
from lightning_sweeps.server.process.options import LOOPBACK, LogFormat
from lightning_sweeps.server.process.retention import RowRules, check_storage
from lightning_sweeps.server.process.sweep_control import LEASE_S
from lightning_sweeps.server.security.api_keys import keep_key
from lightning_sweeps.server.security.framing import framing
from lightning_sweeps.server.security.hosts import Hosts
from lightning_sweeps.server.web.root_path import check_root_path
from lightning_sweeps.store.blobs.blob_storage import open_blob_storage
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.database_url import database_url, has_password, without_password
from lightning_sweeps.store.migrate import migrate
from lightning_sweeps.system.local_server import last_port
from lightning_sweeps.system.node import this_process
from lightning_sweeps.system.start_service import start_service_if_journals_wait


def serve(
    home: Home,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    is_automatic: bool = False,
    database: str | None = None,
    api_key: str = "",
    lease_s: float = LEASE_S,
    takeover_s: float | None = None,
    blobs: str | None = None,
    limits: StorageLimits | None = None,
    allowed_hosts: Sequence[str] = (),
    embed_origins: Sequence[str] = (),
    certificate: Certificate | None = None,
    trusted_proxies: Sequence[str] = (),
    public_url: str = "",
    root_path: str = "",
    alerts: Sequence[str] = (),
    rows: RowRules | None = None,
    log_format: LogFormat = LogFormat.text,
    say: Callable[[str], None] = print,
) -> int:
    """Run a server until SIGTERM or SIGINT and return the exit status. Call it in the main thread.

    Args:
        home: Holds the lock, the key, `server.json` and, without `database`, the database. One server per home.
        host: Name or IP address to listen on.
        port: Port to listen on; 0 takes the port of the home's last server, or a free one if that is taken.
        is_automatic: Whether a command or the service starts the server. Another server replaces such a one.
        database: URL of an SQLite or PostgreSQL database; default: `LIGHTNING_SWEEPS_DATABASE`, or
            else SQLite in the home.
        api_key: The key to accept. If empty, the key stored in the home is used, which the first start creates.
        lease_s: An agent that is silent for this many seconds is lost.
        takeover_s: How long a trial that may still run stays with its lost agent, in seconds;
            default: nine times `lease_s`.
        blobs: Folder for media files and artifacts, or an fsspec URL of one, which several servers may share;
            default: in the home.
        limits: Maximum sizes of media files and artifacts.
        allowed_hosts: Host names that browsers may use to reach the server, besides those of this machine. The server
            uses the first one in its own URL.
        embed_origins: Origins whose pages may frame a view, for example `https://jupyter.example.org`. Pages of the
            browser's own machine always may.
        certificate: For HTTPS; None means plain HTTP.
        trusted_proxies: Addresses or networks of proxies in front of this server. Only their `X-Forwarded-For` and
            `X-Forwarded-Proto` are used.
        public_url: Address that others use, for example that of a reverse proxy; default: made from the host, or the
            first of `allowed_hosts`, and the port. Its host is an allowed one.
        root_path: Path below which a proxy serves the dashboard, such as `/sweeps`. Only browsers use it.
        alerts: Channels for alerts, each as `name=destination`, for example `webhook=https://example.org/hook`.
        rows: How long rows are kept, and how many; default: the environment's settings.
        log_format: Format of the log lines on stderr.
        say: Called with one line with the address once the server accepts requests, and with a warning if the
            traffic is not encrypted.

    Raises:
        ServerStartFailed: another server runs on this home, the address is in use, or the database does not respond.
        UsageError: the home folder belongs to another user, or the host, the database URL, an origin, a proxy or an
            alert channel is not valid.
    """
    root_path = check_root_path(root_path)
    policy = framing(embed_origins, has_neighbors=bool(root_path))
    trusted_proxies = networks(trusted_proxies)
    settings = read_settings()
    from_file = read_options(settings.alerts_file) if settings.alerts_file is not None else []
    os.umask(0o077)
    make_private_folder(home.root)
    check_folder(home.root)
    with (
        server_lock(home, replaces_automatic=not is_automatic),
        listening(host, port, preferred=last_port(home)) as listener,
    ):
        key = api_key or stored_key(home)
        database_given = database_url(database, settings)
        store = open_store(database_given or sqlite_url(home.server_database), series_storage=settings.series_storage)
        try:
            rules = rows or RowRules(settings.thin_rows, settings.keep_rows, settings.quota_rows)
            check_storage(store, rules)
            _prepare(store, key, name=_own_key_name(home))
            scheme = "http" if certificate is None else "https"
            named = next((name for name in allowed_hosts if name[:1] not in ("*", ".")), "")
            near = named or (socket.gethostname() if host in EVERY_ADDRESS else host)
            url = server_url(public_url) if public_url else url_of(near, listener, scheme)

            def ready() -> None:
                local = LOOPBACK if host in EVERY_ADDRESS else host
                own_port, is_elsewhere = listener.getsockname()[1], bool(database_given)
                origin = LastServer(url, own_port, is_automatic, has_other_database=is_elsewhere)
                own = url_of(local, listener) if certificate is None else url_of(near, listener, scheme)
                publish(home, origin, own, key)
                start_service_if_journals_wait(home, settings)
                if database is not None and has_password(database):
                    say("other users of this machine see the database's password; read `lightning-sweeps docs server`")
                say(f"lightning-sweeps server at {url} (API docs: {url}/api/docs)")
                if certificate is None and not is_loopback(host):
                    say("traffic is not encrypted: use this server in a trusted network, or enable HTTPS")

            contents = open_blob_storage(blobs, store, folder=home.blobs, near=home.media)
            hosts = Hosts([*allowed_hosts, host, *filter(None, [urlsplit(url).hostname])])
            app = create_app(
                store,
                contents=contents,
                limits=limits,
                hosts=hosts,
                lease_s=lease_s,
                takeover_s=takeover_s,
                framing=policy,
                alerts=AlertWatch(store, [*alerts, *from_file], url=f"{url}{root_path}"),
                lost_s=settings.lost_s,
                wandb_entities=settings.wandb_entities,
                trash_s=None if settings.trash_days is None else settings.trash_days * DAY_S,
                rows=rules,
                journals_here=JournalWatch(home, settings),
                public_url=url if public_url or not is_loopback(host) else "",
                root_path=root_path,
            )
            gc.freeze()  # what was imported and built so far stays: no collection searches it, nor does the end
            server = HttpServer(
                app, ready=ready, certificate=certificate, log_format=log_format, trusted_proxies=trusted_proxies
            )
            server.run(sockets=[listener])
            return 0 if server.was_ready else EXIT_FAILURE
        finally:
            home.server_file.unlink(missing_ok=True)
            store.close()


def _own_key_name(home: Home) -> str:
    """Return the name of the server's own key. Sweeps and changes that people make on this machine show it."""
    process = this_process()
    person = f"{process.user}@{process.host}"
    return person if home.root == read_settings({}).home else f"{person}:{home.root}"


def _prepare(store: Store, key: str, *, name: str) -> None:
    """Migrate the database to this version's schema and accept `key`."""
    try:
        migrate(store)
        keep_key(store, key, name=name, now=time.time())
    except DatabaseError as error:
        said = without_password(str(error.orig).strip(), store.engine.url)
        raise ServerStartFailed(
            f"the database `{store.engine.url.render_as_string()}` cannot be used ({said})",
            hint="check that it exists, that it is running, and that this user may write to it",
        ) from error

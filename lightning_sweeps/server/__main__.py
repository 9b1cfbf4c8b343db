"""Runs the server in this process: `python -m lightning_sweeps.server`."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import LightningSweepsError
from lightning_sweeps.server.context import gigabytes
from lightning_sweeps.server.process.certificate import certificate_of
from lightning_sweeps.server.process.options import LOOPBACK, LogFormat
from lightning_sweeps.server.process.retention import row_rules
from lightning_sweeps.server.process.serve import serve
from lightning_sweeps.server.process.sweep_control import LEASE_S


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal arrives, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lightning_sweeps.server", description=__doc__)
    parser.add_argument("--home", type=Path, help="home folder (default: LIGHTNING_SWEEPS_HOME)")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: the last one, or a free one)")
    parser.add_argument("--automatic", action="store_true", help="a command or the service starts this server")
    parser.add_argument("--database", help="sqlite:///file or postgresql://user@host/name (default: SQLite)")
    parser.add_argument("--blobs", help="folder or fsspec URL for media files and artifacts (default: in the home)")
    parser.add_argument(
        "--max-file-gb", type=float, default=50.0, help="size of the largest file (default: %(default)s)"
    )
    parser.add_argument("--quota-gb", type=float, help="size of all files of a project (default: no limit)")
    parser.add_argument("--thin-rows", action="append", default=[], help="age at which rows are thinned")
    parser.add_argument("--keep-rows", action="append", default=[], help="age at which rows are deleted")
    parser.add_argument("--quota-rows", action="append", default=[], help="number of rows of a project")
    parser.add_argument("--allowed-host", action="append", default=[], help="host name that browsers may use")
    parser.add_argument("--trusted-proxy", action="append", default=[], help="address or network of a proxy")
    parser.add_argument("--embed-origin", action="append", default=[], help="origin of pages that may frame a view")
    parser.add_argument("--tls-certificate", help="certificate with its chain, for HTTPS (PEM)")
    parser.add_argument("--tls-key", help="private key of the certificate (PEM)")
    parser.add_argument("--public-url", default="", help="address that others use (default: host and port)")
    parser.add_argument("--root-path", default="", help="path below which a proxy serves the dashboard")
    parser.add_argument("--alert", action="append", default=[], help="channel for alerts: name=destination")
    parser.add_argument("--log-format", type=LogFormat, choices=list(LogFormat), default=LogFormat.text)
    parser.add_argument(
        "--lease-s",
        type=float,
        default=LEASE_S,
        help="an agent that is silent for this many seconds is lost (default: %(default)s)",
    )
    parser.add_argument(
        "--takeover-s",
        type=float,
        help="how long a trial that may still run stays with its lost agent (default: nine times --lease-s)",
    )
    given = parser.parse_args(arguments)
    try:
        settings = read_settings()
        home = Home(given.home.expanduser().absolute() if given.home else settings.home)
        return serve(
            home,
            host=given.host,
            port=given.port,
            is_automatic=given.automatic,
            database=given.database,
            api_key=settings.api_key,
            lease_s=given.lease_s,
            takeover_s=given.takeover_s,
            blobs=given.blobs,
            limits=gigabytes(given.max_file_gb, given.quota_gb),
            allowed_hosts=given.allowed_host,
            embed_origins=given.embed_origin,
            trusted_proxies=given.trusted_proxy,
            certificate=certificate_of(given.tls_certificate, given.tls_key),
            public_url=given.public_url,
            root_path=given.root_path,
            alerts=given.alert,
            rows=row_rules(settings, thin=given.thin_rows, keep=given.keep_rows, quota=given.quota_rows),
            log_format=given.log_format,
            say=partial(print, flush=True),
        )
    except LightningSweepsError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())

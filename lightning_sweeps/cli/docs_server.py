"""Serves the built documentation on this machine."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.process.options import LOOPBACK

__all__ = ["LOOPBACK", "QuietHandler", "make_server"]


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the base class
        """Print nothing."""


def make_server(site: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of these files on this machine.

    Raises:
        UsageError: the port is taken or not allowed.
    """
    try:
        return ThreadingHTTPServer((LOOPBACK, port), partial(QuietHandler, directory=str(site)))
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot listen on port `{port}`: {error}", hint="leave `--port` out for a free one") from None

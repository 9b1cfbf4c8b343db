"""Decides which pages may show a view of the dashboard in a frame."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.web import pages

LOCAL_PAGES = ("http://localhost:*", "https://localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*")
EDITORS = ("vscode-webview:", "vscode-file:")
"""Jupyter and editors on the browser's own machine. No website has one of these origins."""
ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:(\d{1,5}|\*))?")


def framing(given: Iterable[str] = (), *, has_neighbors: bool = False) -> str:
    """Return the Content-Security-Policy of a framed view.

    Args:
        given: Origins whose pages may frame a view, besides pages of the browser's own machine.
        has_neighbors: Other pages of the same origin may, too: a proxy serves this server below a path, beside the
            notebook.

    Raises:
        UsageError: an origin is not valid.
    """
    others = list(given)
    for origin in others:
        if ORIGIN.fullmatch(origin) is None:
            hint = "allowed: `https://host` and `https://*.host`, each with an optional `:port` or `:*`"
            raise UsageError(f"`{origin}` is not an origin of pages that may show a view", hint=hint)
    policy = pages.SECURITY_HEADERS["Content-Security-Policy"]
    allowed = [*LOCAL_PAGES, *EDITORS, *others, *(["'self'"] if has_neighbors else [])]
    policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join(allowed)}")
    return policy.replace("media-src 'self'", "media-src 'self' blob:")

"""Serves the dashboard's built files."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse

from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web import pages

STATIC = Path(__file__).parents[1] / "static"
"""What `hatch_build.py` builds from `dashboard/`."""

NAME = re.compile(r"[A-Za-z0-9_.-]+")
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
FOREVER = "public, max-age=31536000, immutable"

router = scoped_router("dashboard")


@router.get("/{path:path}", include_in_schema=False)
def page_or_file(request: Request, path: str) -> Response:
    """Return a file of the dashboard, or its page for any other path: the page itself reads the path."""
    folder, _, name = path.rpartition("/")
    if folder == "assets":
        return _asset(request, name)
    if f"/{path}".startswith(pages.API_PREFIX):
        raise HTTPException(404, "Not Found")
    if not index_file().exists():
        return pages.not_built_page()
    return built_page(request)


def built_page(request: Request, policy: str | None = None) -> Response:
    """Return the dashboard's page. Its addresses start with the path below which a proxy serves this server.

    Args:
        request: The request.
        policy: Content-Security-Policy; default: that of `SECURITY_HEADERS`.
    """
    html = index_file().read_text().replace('="./assets/', f'="{escape(request.app.state.root_path)}/assets/')
    headers = {**pages.SECURITY_HEADERS, "Cache-Control": "no-cache"}
    return HTMLResponse(html, headers=headers if policy is None else headers | {"Content-Security-Policy": policy})


def browser_url(request: Request) -> str:
    """Return the address at which browsers reach this server; empty if each client knows its own."""
    public = request.app.state.public_url
    return f"{public}{request.app.state.root_path}" if public else ""


def index_file() -> Path:
    """Return the dashboard's HTML file. It does not exist if the dashboard was not built."""
    return STATIC / "index.html"


def _asset(request: Request, name: str) -> Response:
    file = STATIC / "assets" / name
    if NAME.fullmatch(name) is None or file.suffix not in MEDIA_TYPES or not file.is_file():
        raise HTTPException(404, "Not Found")
    headers = {**pages.SECURITY_HEADERS, "Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    compressed = file.with_name(f"{name}.gz")
    if "gzip" in request.headers.get("accept-encoding", "") and compressed.is_file():
        file, headers = compressed, headers | {"Content-Encoding": "gzip"}
    return FileResponse(file, media_type=MEDIA_TYPES[Path(name).suffix], headers=headers)

"""The dashboard: its built files, the login link, and the cookie that a browser gets for it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from lightning_sweeps import __version__
from lightning_sweeps.errors import NotFound
from lightning_sweeps.messages import LoginLink, Session
from lightning_sweeps.server.context import KeyNameDep
from lightning_sweeps.server.security import sessions
from lightning_sweeps.server.security.authentication import Keys
from lightning_sweeps.server.web import pages

STATIC = Path(__file__).parents[1] / "static"
"""What hatch_build.py built from `dashboard/`."""

MOST_FORM_BYTES = 10_000
NAME = re.compile(r"[A-Za-z0-9_.-]+")
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
FOREVER = "public, max-age=31536000, immutable"

router = APIRouter(tags=["dashboard"])


async def get_keys(request: Request) -> Keys:
    """Return the API keys that `create_app` reads."""
    keys: Keys = request.app.state.keys
    return keys


async def get_used_links(request: Request) -> sessions.UsedLinks:
    """Return the links that this process has exchanged."""
    used: sessions.UsedLinks = request.app.state.used_links
    return used


KeysDep = Annotated[Keys, Depends(get_keys)]
UsedLinksDep = Annotated[sessions.UsedLinks, Depends(get_used_links)]


@router.post("/api/login")
def make_login_link(keys: KeysDep, key_name: KeyNameDep) -> LoginLink:
    """Make a link that logs a browser in as the key of this request, once."""
    key_digest = keys.digest_of(key_name)
    if key_digest is None:
        raise NotFound("this API key was just taken away")
    expires = time.time() + sessions.LINK_S
    link = sessions.issue("link", key_digest, expires=expires)
    return LoginLink(f"{pages.LOGIN_PATH}?link={quote(link)}", expires, index_file().exists())


@router.get("/api/session")
def get_session(request: Request, key_name: KeyNameDep) -> Session:
    """Say who asks, and what it may do."""
    return Session(key_name, __version__, request.state.role)


@router.get(pages.LOGIN_PATH, include_in_schema=False)
def log_in(request: Request, keys: KeysDep, used: UsedLinksDep, link: str = "", to: str = "/") -> Response:
    """Exchange the link for a cookie and go on to the dashboard."""
    name = keys.name_of_token("link", link)
    if name is None:
        return pages.login_page("This link is not valid, or its time is over." if link else "")
    if not used.use(link, now=time.time()):
        return pages.login_page("This link was used before; each works once.")
    return _logged_in(request, keys, name, to)


@router.post(pages.LOGIN_PATH, include_in_schema=False)
async def log_in_by_key(request: Request, keys: KeysDep) -> Response:
    """Exchange an API key, typed into the login page, for a cookie."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_FORM_BYTES:
            return pages.login_page("That is no API key.")
    given = parse_qs(body.decode("utf-8", "replace")).get("key", [""])[0].strip()
    name = await run_in_threadpool(keys.name_of, given)
    return pages.login_page("This API key is not known here.") if name is None else _logged_in(request, keys, name, "/")


@router.post("/api/logout")
def log_out(request: Request) -> Response:
    """Take the cookie back from this browser."""
    answer = Response(status_code=200, content="{}", media_type="application/json")
    answer.delete_cookie(sessions.cookie_name(pages.port(request.scope)), httponly=True, samesite="strict")
    return answer


@router.get("/{path:path}", include_in_schema=False)
def page_or_file(request: Request, path: str) -> Response:
    """Answer with a file of the dashboard; every path that is none is a place within the page."""
    folder, _, name = path.rpartition("/")
    if folder == "assets":
        return _asset(request, name)
    if f"/{path}".startswith(pages.API_PREFIX):
        raise HTTPException(404, "Not Found")
    if not index_file().exists():
        return pages.not_built_page()
    return FileResponse(index_file(), headers={**pages.SECURITY_HEADERS, "Cache-Control": "no-cache"})


def index_file() -> Path:
    """Return the page's own file; it exists where the dashboard was built."""
    return STATIC / "index.html"


def _asset(request: Request, name: str) -> Response:
    file = STATIC / "assets" / name
    if NAME.fullmatch(name) is None or file.suffix not in MEDIA_TYPES or not file.is_file():
        raise HTTPException(404, "Not Found")
    headers = {**pages.SECURITY_HEADERS, "Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    packed = file.with_name(f"{name}.gz")
    if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
        file, headers = packed, headers | {"Content-Encoding": "gzip"}
    return FileResponse(file, media_type=MEDIA_TYPES[Path(name).suffix], headers=headers)


def _logged_in(request: Request, keys: Keys, name: str, to: str) -> Response:
    """Give the browser its cookie and send it on to a place of our own."""
    key_digest = keys.digest_of(name)
    if key_digest is None:
        return pages.login_page("This API key was just taken away.")
    own = to if re.fullmatch(r"/(?![/\\])[^\s\\]*", to) else "/"
    answer = pages.again(own)
    answer.set_cookie(
        sessions.cookie_name(pages.port(request.scope)),
        sessions.issue("session", key_digest, expires=time.time() + sessions.SESSION_S),
        max_age=int(sessions.SESSION_S),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer

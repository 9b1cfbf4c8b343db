"""Serves the dashboard below a path, for a proxy such as JupyterHub's: `/user/ada/proxy/8800`."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from lightning_sweeps.errors import UsageError

ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~%@+-]+)+")


class WithoutRootPath:
    """ASGI middleware that takes the root path off the requests of proxies that leave it on.

    Args:
        app: The application.
        root_path: The path; empty: none.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if self._root and (path == self._root or path.startswith(f"{self._root}/")):
            raw = scope.get("raw_path") or path.encode()
            scope = {**scope, "path": path[len(self._root) :] or "/", "raw_path": raw[len(self._root) :] or b"/"}
        await self._app(scope, receive, send)


def check_root_path(given: str) -> str:
    """Return a root path without a slash at its end.

    Raises:
        UsageError: it is not a path.
    """
    path = given.rstrip("/")
    if path and ROOT_PATH.fullmatch(path) is None:
        raise UsageError(
            f"the root path is `{given}`, allowed: a path such as `/sweeps` or `/user/ada/proxy/8800`",
            hint="the address before it belongs to `--public-url`",
        )
    return path

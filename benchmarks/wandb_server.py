"""A minimal W&B server on this machine, to measure the cost of wandb's online mode.

It stores nothing and answers at once, so a real server can only be slower.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RUN = {
    "id": "run", "name": "run", "displayName": "run", "config": "{}", "sweepName": None, "historyLineCount": 0,
    "project": {"id": "project", "name": "bench", "entity": {"id": "entity", "name": "me"}},
}  # fmt: skip
ANSWERS: dict[str, Any] = {
    "viewer": {"id": "me", "entity": "me", "username": "me", "flags": "{}", "email": "", "teams": {"edges": []}},
    "serverInfo": {"cliVersionInfo": {"max_cli_version": "9", "min_cli_version": "0.1"}, "features": []},
    "upsertBucket": {"bucket": RUN, "inserted": True},
    "model": {"bucket": None},
    "project": {"bucket": None, "run": None},
    "createRunFiles": {"runID": "run", "uploadHeaders": [], "files": []},
    "entity": {"organization": None},
}
"""Answers to GraphQL queries, by field."""


class Answers(BaseHTTPRequestHandler):
    """Accepts every request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say({})

    def do_PUT(self) -> None:
        self._read()
        self._say({})

    def do_POST(self) -> None:
        self._read()
        self._say({"data": ANSWERS} if "graphql" in self.path else {"exitcode": None, "limits": {}})

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _read(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Serve in a thread and yield the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()

"""A TCP proxy in front of the server that fails on demand, as a real network or a broken server does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal

Behaviour = Literal["pass", "refuse", "silent", "error", "half"]

ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops"
CHUNK = 65_536
POLL_S = 0.1


class Proxy:
    """Forwards connections to `port`, or fails as `behaviour` defines.

    `pass`: forwards; `refuse`: closes at once; `silent`: accepts everything and never answers; `error`: answers 500;
    `half`: forwards the request and sends half of the answer.
    """

    def __init__(self, port: int) -> None:
        self.behaviour: Behaviour = "pass"
        self.failed = 0
        """How many connections have failed."""
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(POLL_S)
        self._is_open = True
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def retarget(self, port: int) -> None:
        """Forward new connections to another port."""
        self._target = port

    def close(self) -> None:
        self._is_open = False
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while self._is_open:
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self._start(self._serve, connection)

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self.behaviour == "refuse":
                self.failed += 1
                return
            with socket.create_connection(("127.0.0.1", self._target), timeout=5) as server:
                client.settimeout(POLL_S)
                server.settimeout(POLL_S)
                while self._is_open and self._step(client, server):
                    pass

    def _step(self, client: socket.socket, server: socket.socket) -> bool:
        """Forward available bytes; return whether the connection stays open."""
        request = _receive(client)
        if request == b"":
            return False
        if request is not None:
            if self.behaviour != "pass":
                self.failed += 1
            if self.behaviour == "refuse":
                return False
            if self.behaviour == "error":
                client.sendall(ERROR)
                return False
            if self.behaviour != "silent":
                server.sendall(request)
        answer = _receive(server)
        if answer == b"":
            return False
        if answer is not None and self.behaviour != "silent":
            if self.behaviour == "half":
                client.sendall(answer[: len(answer) // 2])
                return False
            client.sendall(answer)
        return True


def _receive(source: socket.socket) -> bytes | None:
    """Return available bytes, no bytes at the end, or None if there are none yet."""
    try:
        return source.recv(CHUNK)
    except TimeoutError:
        return None


@contextlib.contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()

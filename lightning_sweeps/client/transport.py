"""Sends HTTP requests to a server: with a timeout, retries of reads, and errors as exceptions of `errors.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.util.retry import Retry

from lightning_sweeps import messages as m
from lightning_sweeps.core import protocol
from lightning_sweeps.errors import (
    Fault,
    Incompatible,
    NotFound,
    OffsetConflict,
    ServerRefused,
    ServerUnreachable,
    SweepFileError,
    Unauthorized,
)

T = TypeVar("T")

CONNECT_TIMEOUT_S = 3.05
READ_TIMEOUT_S = 30.0
SAFE_RETRIES = 2
CHUNK_BYTES = 1 << 20
OK = 200
UNKNOWN_REQUEST = frozenset({405, 422})
"""Statuses of a server that does not know a method, a field or a value, because it is older or newer."""
NO_ROUTE = "`: Not Found"
"""How the server's message ends if it does not know a path."""
API_DOCS = "/api/docs"
OTHER_VERSION = "check the value; if it is right, `lightning-sweeps doctor` compares the versions of both sides"
NO_TLS = "WRONG_VERSION_NUMBER"
"""What OpenSSL says if the other side does not speak TLS."""


class Transport:
    """Sends requests with one API key over one connection pool. The arguments are those of `Client`."""

    def __init__(self, url: str, token: str, *, timeout_s: float = READ_TIMEOUT_S, ca_file: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = False  # a `.netrc` must not replace the API key
        self._session.proxies = proxies_for(self.url)
        if ca_file is not None:
            self._session.verify = str(ca_file)
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.headers[protocol.HEADER] = protocol.THIS.header
        self._server = protocol.THIS
        self.server_start = ""
        """Names the start of the server that answered last; empty before the first answer, and for older servers."""
        reads = Retry(SAFE_RETRIES, allowed_methods=["GET"], status_forcelist=[502, 503, 504], backoff_factor=0.1)
        adapter = HTTPAdapter(max_retries=reads)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def close(self) -> None:
        self._session.close()

    def _get(self, path: str, kind: type[T], params: dict[str, Any] | None = None) -> T:
        return self._call("GET", path, kind, params=params)

    def _pages(self, path: str, kind: type[T], params: dict[str, Any]) -> Iterator[T]:
        """Yield the pages of a route that names the next one in a header."""
        cursor: str | None = ""
        while cursor is not None:
            response = self._talk("GET", path, params=params | {"cursor": cursor or None})
            yield self._decoded(response, kind)
            cursor = response.headers.get(m.NEXT_PAGE)

    def _post(self, path: str, kind: type[T], body: object = None, *, timeout_s: float | None = None) -> T:
        headers = {"Content-Type": "application/json"}
        encoded = msgspec.json.encode(asdict(body)) if is_dataclass(body) and not isinstance(body, type) else b""
        return self._call("POST", path, kind, data=encoded, headers=headers, timeout_s=timeout_s)

    def _call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        params: dict[str, Any] | None = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> T:
        response = self._talk(method, path, params=params, data=data, headers=headers, timeout_s=timeout_s)
        return self._decoded(response, kind)

    def _decoded(self, response: requests.Response, kind: type[T]) -> T:
        content = response.content
        if response.status_code != 200:
            raise self._refusal(response.status_code, content)
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError as error:
            raise ServerRefused(
                f"`{self.url}` sent a response that this version cannot read ({error})",
                status=response.status_code,
                hint=self._upgrade_hint() or "check that this is the address of a lightning-sweeps server",
            ) from error

    def _stream(self, path: str, headers: dict[str, str]) -> Iterator[bytes]:
        """Yield the bytes of a response as they arrive, for responses that are not JSON messages."""
        with self._talk("GET", path, headers=headers, stream=True) as response:
            if response.status_code not in (200, 206):
                raise self._refusal(response.status_code, response.content)
            try:
                yield from response.iter_content(CHUNK_BYTES)
            except (requests.RequestException, OSError) as error:
                raise self._unreachable(error) from error

    def _talk(
        self, method: str, path: str, *, timeout_s: float | None = None, stream: bool = False, **more: Any
    ) -> requests.Response:
        try:
            response = self._session.request(
                method,
                self.url + path,
                timeout=(CONNECT_TIMEOUT_S, timeout_s or self._timeout_s),
                allow_redirects=False,
                stream=stream,
                **more,
            )
        except (requests.RequestException, OSError) as error:
            raise self._unreachable(error) from error
        self.server_start = response.headers.get(protocol.START_HEADER, self.server_start)
        given = response.headers.get(protocol.HEADER)
        if given is not None or response.status_code == OK:  # other responses may come from a proxy
            self._server = protocol.read_header(given)
            protocol.check(client=protocol.THIS, server=self._server)
        return response

    def _unreachable(self, error: BaseException) -> ServerUnreachable:
        said = _short(error)
        if NO_TLS in said:
            return ServerUnreachable(
                f"the server at `{self.url}` does not use HTTPS", hint=f"use `http{self.url.removeprefix('https')}`"
            )
        hint = (
            "start it with `lightning-sweeps server`, or check LIGHTNING_SWEEPS_URL and `lightning-sweeps login --list`"
        )
        if isinstance(error, requests.exceptions.ProxyError):
            hint = "check HTTPS_PROXY; NO_PROXY lists the hosts that are reached without it"
        message = f"the server at `{self.url}` does not answer ({said})"
        return ServerUnreachable(message, hint=hint, is_refused=_is_refused(error))

    def _refusal(self, status: int, content: bytes) -> ServerRefused | SweepFileError:
        if status == 409:
            try:
                return OffsetConflict(msgspec.json.decode(content, type=m.IngestReply).offset)
            except msgspec.DecodeError:
                pass  # another kind of conflict, with a `Problem`
        problem = _problem(content)
        if status == 401:
            because = f": {problem.message}" if problem.message else ""
            return Unauthorized(
                f"the server at `{self.url}` does not accept this API key{because}",
                status=status,
                hint=f"run `lightning-sweeps login {self.url}`, or set LIGHTNING_SWEEPS_API_KEY to another key",
            )
        if status == protocol.STATUS:
            return Incompatible(problem.message or None, status=status, hint=problem.hint or None)
        if problem.faults:
            return SweepFileError([Fault(fault.line, fault.key, fault.message) for fault in problem.faults])
        kind = NotFound if status == 404 else ServerRefused
        message = problem.message or f"the server at `{self.url}` responded with status {status}"
        hint = OTHER_VERSION if problem.hint.startswith(API_DOCS) else problem.hint  # the user did not make the request
        is_unknown = status in UNKNOWN_REQUEST or problem.message.endswith(NO_ROUTE)
        if is_unknown and (upgrade := self._upgrade_hint()):
            hint = f"{hint}; {upgrade}" if hint else upgrade
        return kind(message, status=status, hint=hint or None)

    def _upgrade_hint(self) -> str:
        """Return what to do if the server knows less than this client, or more; empty if the versions are equal."""
        if self._server.version == protocol.THIS.version:
            return ""
        return f"the server is {self._server}, and this client is {protocol.THIS}: upgrade the older one"


def proxies_for(url: str) -> dict[str, str]:
    """Return the proxies of the environment for the server of a team.

    Only addresses with `https://` use them: an HTTP proxy of a cluster often cannot reach the cluster's own machines.
    """
    return dict(get_environ_proxies(url)) if url.startswith("https://") else {}


def _problem(content: bytes) -> m.Problem:
    try:
        return msgspec.json.decode(content, type=m.Problem)
    except msgspec.DecodeError:
        return m.Problem(message="")


def _is_refused(error: BaseException | None) -> bool:
    """Return whether the server's machine has refused or reset the connection."""
    while error is not None:
        reason = getattr(error, "reason", None)  # urllib3 keeps the cause there
        if isinstance(error, ConnectionRefusedError | ConnectionResetError) or (
            isinstance(reason, BaseException) and _is_refused(reason)
        ):
            return True
        error = error.__cause__ or error.__context__
    return False


def _short(error: BaseException) -> str:
    """Return the message of the innermost of nested errors."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__

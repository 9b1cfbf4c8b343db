"""Sends a JSON answer that the client already has as "not modified", and one that it has in part as a delta.

Every JSON answer of the API to GET has an ETag, and so has every answer to a request with `A-IM: json-delta`, also to a
POST that is a query. If `If-None-Match` names the answer that the client has, the answer is 304 if it is the same. If
it is another one, and the request has `A-IM: json-delta`, the answer is 226 with the difference as `json_delta.py`
describes it, as RFC 3229 calls it, or the whole answer if that is shorter or the old one is not known any more.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightning_sweeps.server.web.json_delta import delta
from lightning_sweeps.server.web.pages import API_PREFIX

DELTA = "json-delta"
MAX_ANSWER_BYTES = 2_000_000
MAX_KEPT_BYTES = 48_000_000
IN_THREAD_BYTES = 20_000
"""Differences of larger answers are found in a thread, so that other requests do not wait."""
WORTH = 0.7
"""A delta is sent if it has at most this part of the bytes of the whole answer."""


class KeptAnswers:
    """The latest answers, up to a number of bytes, by the name of the API key and the ETag. Use it in one thread."""

    def __init__(self, most_bytes: int = MAX_KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._bodies: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def get(self, key_name: str, tag: str) -> bytes | None:
        """Return the body of an answer that this key got; None if it is not kept."""
        return self._bodies.get((key_name, tag))

    def keep(self, key_name: str, tag: str, body: bytes) -> None:
        """Keep an answer, and forget those that were not sent for the longest time."""
        before = self._bodies.pop((key_name, tag), b"")
        self._bodies[key_name, tag] = body
        self._bytes += len(body) - len(before)
        while self._bytes > self._most_bytes:
            _, oldest = self._bodies.popitem(last=False)
            self._bytes -= len(oldest)


@dataclass(slots=True)
class _Asked:
    """What a request says about the answer that its client has."""

    key_name: str
    is_get: bool
    has: str
    takes_delta: bool


class AnswerVersions:
    """ASGI middleware: ETags, 304 and 226 for JSON answers of the API. Answers that are streamed pass through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept = KeptAnswers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API_PREFIX):
            await self._app(scope, receive, send)
            return
        asked = _asked(scope)
        if not asked.is_get and not asked.takes_delta:
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def send_version(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _has_version(message):
                start = message  # until the body is here
            elif start is not None:
                first, start = start, None
                body = message.get("body", b"")
                if not message.get("more_body", False) and len(body) <= MAX_ANSWER_BYTES:
                    message = await self._version(asked, first, message)
                await send(first)
                await send(message)
            else:
                await send(message)

        await self._app(scope, receive, send_version)

    async def _version(self, asked: _Asked, start: Message, message: Message) -> Message:
        """Return the body to send, and change `start` accordingly."""
        body: bytes = message.get("body", b"")
        tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers = MutableHeaders(scope=start)
        headers["ETag"] = tag
        if asked.has == tag:
            start["status"] = 304
            del headers["Content-Length"]
            return {**message, "body": b""}
        if not asked.takes_delta:
            return message
        before = self._kept.get(asked.key_name, asked.has) if asked.has else None
        self._kept.keep(asked.key_name, tag, body)
        if before is None:
            return message
        in_thread = max(len(before), len(body)) > IN_THREAD_BYTES
        found = await run_in_threadpool(_encoded_delta, before, body) if in_thread else _encoded_delta(before, body)
        if len(found) > WORTH * len(body):
            return message
        start["status"] = 226
        headers["IM"] = DELTA
        headers["Delta-Base"] = asked.has
        headers["Content-Length"] = str(len(found))
        return {**message, "body": found}


def _asked(scope: Scope) -> _Asked:
    headers = Headers(scope=scope)
    key_name = scope.get("state", {}).get("key_name") or ""
    takes_delta = DELTA in headers.get("a-im", "")
    return _Asked(key_name, scope["method"] == "GET", headers.get("if-none-match", ""), takes_delta)


def _has_version(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    return start["status"] == 200 and headers.get("content-type") == "application/json" and "etag" not in headers


def _encoded_delta(before: bytes, body: bytes) -> bytes:
    return msgspec.json.encode(delta(msgspec.json.decode(before), msgspec.json.decode(body)))

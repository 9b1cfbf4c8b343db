"""Issues and checks the signed tokens of browsers: login links, cookies, and tickets and tokens of framed views.

The server stores none of them. The signature's secret is the digest of the API key that requested the token, so
that every server process on the database accepts it, and revoking the key revokes all its tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from typing import Literal

Kind = Literal["link", "session", "ticket", "view"]

LINK_S = 3600.0
"""Lifetime of a login link."""
SESSION_S = 30 * 86400.0
"""Lifetime of a browser's login."""
TICKET_S = 600.0
"""Lifetime of the ticket of a framed view."""
VIEW_S = 12 * 3600.0
"""Lifetime of the token of a framed view."""
VIEW_PREFIX = "lsv_"
"""Prefix of the token of a framed view, which is sent in place of a key."""


def issue(kind: Kind, key_digest: str, *, expires: float) -> str:
    """Return a token that stands for the API key of `key_digest` until `expires` (seconds since the epoch)."""
    body = f"{int(expires)}.{secrets.token_urlsafe(12)}"
    return f"{body}.{_signature(kind, key_digest, body)}"


def holder(kind: Kind, token: str, digests: Mapping[str, str], *, now: float) -> str | None:
    """Return the digest of the API key that a valid token stands for, or None.

    Args:
        kind: Only tokens of this kind are valid.
        token: The token to check.
        digests: Digests of the keys that the server accepts.
        now: The time, in seconds since the epoch.
    """
    body, _, given = token.rpartition(".")
    expires = body.partition(".")[0]
    if not expires.isascii() or not expires.isdigit() or len(expires) > len(str(2**63)) or int(expires) < now:
        return None
    found = None
    for digest in digests:
        if hmac.compare_digest(_signature(kind, digest, body).encode(), given.encode()):
            found = digest
    return found


def cookie_name(port: int) -> str:
    """Return the name of the cookie. It contains the port: cookies of one host are shared by all its ports."""
    return f"lightning_sweeps_{port}"


class UsedLinks:
    """Remembers the links and tickets that this process exchanged: each works once. Threads may share an instance.

    Another server process on the same database does not know them. There, a link works until it expires.
    """

    def __init__(self) -> None:
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def use(self, link: str, *, now: float) -> bool:
        """Mark a link as used. Return False if it was used before."""
        with self._lock:
            self._used = {known: ends for known, ends in self._used.items() if ends > now}
            if link in self._used:
                return False
            self._used[link] = now + LINK_S
            return True


def _signature(kind: Kind, key_digest: str, body: str) -> str:
    return hmac.new(key_digest.encode(), f"{kind}:{body}".encode(), hashlib.sha256).hexdigest()

"""How a browser is let in: a link that works once, exchanged for a cookie; for a framed view a ticket and a token.

All are signed, nothing of them is stored.

The signature's secret is the digest of the API key that asked for the link, so that every server process on one
database accepts them, and all of them end when the key is taken away.
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
"""How long a login link can be used."""
SESSION_S = 30 * 86400.0
"""How long a browser stays logged in."""
TICKET_S = 600.0
"""How long the ticket of a framed view can be used."""
VIEW_S = 12 * 3600.0
"""How long a framed view reads."""
VIEW_PREFIX = "lsv_"
"""What a framed view's token begins with; it is sent as a key is."""


def issue(kind: Kind, key_digest: str, *, expires: float) -> str:
    """Return a token that stands for the API key of `key_digest` until `expires` (seconds since the epoch)."""
    body = f"{int(expires)}.{secrets.token_urlsafe(12)}"
    return f"{body}.{_signature(kind, key_digest, body)}"


def holder(kind: Kind, token: str, digests: Mapping[str, str], *, now: float) -> str | None:
    """Return the digest of the API key that the token stands for, or None where it stands for none of `digests`."""
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
    """Return the cookie's name: browsers do not tell ports of one host apart, and one machine may run two servers."""
    return f"lightning_sweeps_{port}"


class UsedLinks:
    """The links that this process has exchanged: each works once. Shared between threads.

    Another server process on the same database does not know of them; there a link ends by its time alone.
    """

    def __init__(self) -> None:
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def use(self, link: str, *, now: float) -> bool:
        """Note that the link is exchanged; return False where it was before."""
        with self._lock:
            self._used = {known: ends for known, ends in self._used.items() if ends > now}
            if link in self._used:
                return False
            self._used[link] = now + LINK_S
            return True


def _signature(kind: Kind, key_digest: str, body: str) -> str:
    return hmac.new(key_digest.encode(), f"{kind}:{body}".encode(), hashlib.sha256).hexdigest()

"""Issues and checks signed tokens: login links, cookies, tickets and tokens of framed views, addresses of downloads.

The server stores only the digests of tokens that it must not accept again: links and tickets that were used, and
sessions that were logged out. The signature's secret is the digest of the API key that requested the token, so that
every server process on the database accepts it, and revoking the key revokes all its tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Literal

from lightning_sweeps.store.api_keys import spend_token
from lightning_sweeps.store.database import Store

Kind = Literal["link", "session", "ticket", "view", "download"]

LINK_S = 3600.0
"""Lifetime of a login link."""
SESSION_S = 30 * 86400.0
"""Lifetime of a browser's login."""
TICKET_S = 600.0
"""Lifetime of the ticket of a framed view."""
VIEW_S = 12 * 3600.0
"""Lifetime of the token of a framed view."""
DOWNLOAD_S = 3600.0
"""Lifetime of the address of a download."""
VIEW_PREFIX = "lsv_"
"""Prefix of the token of a framed view, which is sent in place of a key."""


def issue(kind: Kind, key_digest: str, *, expires: float, subject: str | None = None) -> str:
    """Return a token that stands for the API key of `key_digest` until `expires` (seconds since the epoch).

    Args:
        kind: What the token is for.
        key_digest: Digest of the key.
        expires: When it ends.
        subject: What the token is limited to, without `.`; None: a random text, so that each token is unique.
    """
    body = f"{int(expires)}.{subject or secrets.token_urlsafe(12)}"
    return f"{body}.{_signature(kind, key_digest, body)}"


def holder(kind: Kind, token: str, digests: Iterable[str], *, now: float) -> str | None:
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


def spend(store: Store, kind: Kind, token: str, *, now: float) -> bool:
    """Make a valid token invalid, for every server on the database. Return False if it was spent before."""
    expires = float(token.partition(".")[0])
    with store.write() as connection:
        return spend_token(connection, digest_of(token), kind=kind, expires=expires, now=now)


def digest_of(token: str) -> str:
    """Return the digest under which the database knows a spent token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _signature(kind: Kind, key_digest: str, body: str) -> str:
    return hmac.new(key_digest.encode(), f"{kind}:{body}".encode(), hashlib.sha256).hexdigest()

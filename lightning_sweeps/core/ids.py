"""Creates ids that are short and safe in file names, URLs and shells: random ones, and ones derived from values."""

from __future__ import annotations

import hashlib
import re
import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no letter looks like a digit."""

RANDOM_LENGTH = 10
DERIVED_LENGTH = 16
_DIGEST = re.compile(r"[0-9a-f]{64}")


def new_id(prefix: str = "") -> str:
    """Return `prefix` followed by a random id of 50 bits."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))


def is_digest(text: str) -> bool:
    """Return whether `text` is a SHA-256 in lower-case hexadecimal. Only such text becomes a file name."""
    return _DIGEST.fullmatch(text) is not None


def derive_id(*parts: object, prefix: str = "") -> str:
    """Return an id that depends only on these parts: it is the same on every rank and after every restart."""
    text = "\x1f".join(str(part) for part in parts)
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=10).digest(), "big")
    characters = []
    for _ in range(DERIVED_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[digit])
    return prefix + "".join(characters)

"""Checks names: those that become folders, and the keys of media."""

from __future__ import annotations

from lightning_sweeps.errors import UsageError

MAX_LENGTH = 128
MAX_KEY_LENGTH = 512
FORBIDDEN_CHARACTERS = frozenset("/\\\0")


def checked_name(name: str, *, what: str) -> str:
    """Return `name` if it can be the name of a folder.

    Args:
        name: the name.
        what: what it names, for the error message. For example `project`.

    Raises:
        UsageError: the name is empty, longer than 128 bytes, `.` or `..`, or contains a slash, a backslash, a control
            character, or a space at an end.
    """
    is_path = name in (".", "..") or bool(FORBIDDEN_CHARACTERS & set(name)) or not name.isprintable()
    if not is_path and 0 < len(name.encode("utf-8", "replace")) <= MAX_LENGTH and name.strip() == name:
        return name
    raise UsageError(
        f"the {what} is named `{name[:MAX_LENGTH]}`, allowed: 1 to {MAX_LENGTH} bytes without `/`, `\\`,"
        " control characters and spaces at the ends, and neither `.` nor `..`",
        hint=f"the name becomes a folder; join parts with `-`: `{_suggest_name(name)}`",
    )


def media_key(key: object) -> str:
    """Return the key of a logged file as 1 to 512 printable characters."""
    try:
        name = "".join(each if each.isprintable() else "?" for each in str(key)[:MAX_KEY_LENGTH])
    except Exception:  # the user's object may raise anything
        name = f"<{type(key).__name__}>"
    return name or "unnamed"


def _suggest_name(name: str) -> str:
    kept = "".join(
        "-" if character in FORBIDDEN_CHARACTERS or not character.isprintable() else character for character in name
    )
    return kept.strip(" .-")[:MAX_LENGTH] or "default"

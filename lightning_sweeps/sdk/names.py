"""Names that become folders: refused where they would lead out of theirs."""

from __future__ import annotations

from lightning_sweeps.errors import UsageError

MAX_LENGTH = 128
REFUSED = frozenset("/\\\0")


def checked_name(name: str, *, what: str) -> str:
    """Return `name` where it can be one folder's name.

    Args:
        what: what it names, for the message: `project`.

    Raises:
        UsageError: it is empty, too long, `.` or `..`, or holds a slash or a control character.
    """
    is_path = name in (".", "..") or bool(REFUSED & set(name)) or not name.isprintable()
    if not is_path and 0 < len(name.encode("utf-8", "replace")) <= MAX_LENGTH and name.strip() == name:
        return name
    raise UsageError(
        f"the {what} is named `{name[:MAX_LENGTH]}`, allowed: 1 to {MAX_LENGTH} bytes without `/`, `\\`, "
        "control characters or spaces at the ends, and neither `.` nor `..`",
        hint=f"the name becomes a folder; use `-` to join parts: `{_suggestion(name)}`",
    )


def _suggestion(name: str) -> str:
    kept = "".join("-" if character in REFUSED or not character.isprintable() else character for character in name)
    return kept.strip(" .-")[:MAX_LENGTH] or "default"

"""Describes exceptions in one line."""

from __future__ import annotations


def describe_error(error: BaseException) -> str:
    """Return the type of an exception and the first line of its message, as at the end of a traceback."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__

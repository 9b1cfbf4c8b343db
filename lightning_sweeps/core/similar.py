"""Finds the word that somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

SIMILARITY = 0.6


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return ``did you mean `word`?`` for the closest known word, or an empty text."""
    matches = get_close_matches(given, list(known), n=1, cutoff=SIMILARITY)
    return f"did you mean `{matches[0]}`?" if matches else ""

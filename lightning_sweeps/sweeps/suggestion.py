"""Checks the parameter sets that search methods suggest, before they become trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightning_sweeps.errors import SuggestionFailed, UsageError
from lightning_sweeps.sweeps.space import Space
from lightning_sweeps.sweeps.user_point import check_point


def check_suggestion(space: Space, suggestion: object) -> dict[str, Any] | None:
    """Return the complete parameter set that a method suggested, or None if it says that the space is exhausted.

    Raises:
        SuggestionFailed: the suggestion is neither None nor a parameter set of the space.
    """
    if suggestion is None:
        return None
    if not isinstance(suggestion, Mapping):
        raise SuggestionFailed(
            f"the method suggested a `{type(suggestion).__name__}`, allowed: a dictionary of parameters, or None"
        )
    try:
        return check_point(space, suggestion)
    except UsageError as error:
        raise SuggestionFailed(f"the method suggested a wrong parameter set: {error.message}") from error

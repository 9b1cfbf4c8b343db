"""Checks the arguments of `init` and `SweepLogger`. None is the default; numbers and paths become text.

Only here does a wrong argument raise. From then on nothing raises into training.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.conform import text, texts
from lightning_sweeps.journal.values import MAX_KEYS, MAX_VALUES, TooManyValues, plain_map

logger = logging.getLogger("lightning_sweeps")

MAX_CONFIG_BYTES = 15 * 1024 * 1024
"""A journal's header contains the configuration, and a record has at most 16 MiB."""
MAX_TEXT_BYTES = 1024 * 1024

T = TypeVar("T")


def text_argument(name: str, value: Any, *, default: str = "") -> str:
    """Return the text argument `name`.

    Raises:
        UsageError: it is not text, a number or a path, or it is longer than 1 MiB.
    """
    if value is None:
        return default
    found = _convert(name, value, text, allowed="text")
    if len(found.encode()) > MAX_TEXT_BYTES:
        raise UsageError(f"`{name}` has {len(found.encode())} bytes, allowed: {MAX_TEXT_BYTES}")
    return found


def choice_argument(name: str, value: Any, choices: tuple[T, ...], *, hints: dict[Any, str] | None = None) -> T:
    """Return the argument `name`, which is one of `choices`.

    Args:
        name: the name of the argument.
        value: what was passed.
        choices: what is allowed.
        hints: what to write in place of some other values.

    Raises:
        UsageError: it is something else.
    """
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    hint = (hints or {}).get(value) if isinstance(value, str) else None
    raise UsageError(f"`{name}` is `{_shown(value)}`, allowed: {', '.join(map(str, choices))}", hint=hint)


def tags_argument(value: Any) -> list[str]:
    """Return tags. One text is one tag; a map becomes `name=value` for each.

    Raises:
        UsageError: it is not a list of texts.
    """
    found = _convert("tags", value, texts, allowed="a list of texts")
    if sum(len(tag.encode()) for tag in found) > MAX_TEXT_BYTES:
        raise UsageError(f"`tags` have more than {MAX_TEXT_BYTES} bytes")
    return found


def config_argument(value: Any) -> dict[str, Any]:
    """Return a configuration as nested maps and lists of numbers and text.

    Raises:
        UsageError: it is not a map or an object with fields, or it is too large for a run.
    """
    if value is None:
        return {}
    try:
        found, notes = plain_map(value)
    except TooManyValues as error:
        raise UsageError(
            f"`config` has {error}, allowed: {MAX_KEYS} keys and {MAX_VALUES} values",
            hint="store it with `run.log_artifact` or `run.log_media(..., kind='json')`",
        ) from None
    except Exception:  # a user's object may raise anything
        raise UsageError(
            f"`config` is a `{type(value).__name__}`, allowed: a map, a Namespace, a dataclass or an object with fields"
        ) from None
    size = len(msgspec.msgpack.encode(found))
    if size > MAX_CONFIG_BYTES:
        raise UsageError(
            f"`config` has {size} bytes, allowed: {MAX_CONFIG_BYTES}", hint="store the large values as a file"
        )
    for note in dict.fromkeys(notes):
        logger.warning("`config`: %s", note)
    return found


def _convert(name: str, value: Any, convert: Callable[[Any], T], *, allowed: str) -> T:
    try:
        return convert(value)
    except Exception:  # a user's object may raise anything
        raise UsageError(f"`{name}` is `{_shown(value)}`, allowed: {allowed}") from None


def _shown(value: Any) -> str:
    return f"{value:.80}" if isinstance(value, str) else f"a {type(value).__name__}"

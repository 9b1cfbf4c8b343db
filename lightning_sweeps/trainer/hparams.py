"""Converts hyperparameters (Namespace, dataclass, nested maps, callables, paths) to plain values for the journal."""

from __future__ import annotations

import dataclasses
import enum
from argparse import Namespace
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from lightning_sweeps.sdk.recorded_map import plain_config

MAX_DEPTH = 16
UNREADABLE = "<unreadable>"


def plain_hparams(params: Any) -> dict[str, Any]:
    """Return `params` as nested maps and lists of numbers and text.

    Top-level names that begin with `_` are left out: LightningCLI stores internal values there. A value that cannot be
    converted to text becomes `<unreadable>`, so hyperparameters never stop training.
    """
    plain = _plain(params, 0)
    values = plain if isinstance(plain, dict) else {"hparams": plain}
    return plain_config({name: value for name, value in values.items() if not name.startswith("_")})


def merge_hparams(
    given: Mapping[str, Any], *, swept: Mapping[str, Any], known: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Merge hyperparameters with the parameters of a sweep, which take precedence.

    Args:
        given: the hyperparameters that the program reports.
        swept: the parameters of the trial.
        known: the configuration so far.

    Returns:
        What `given` adds to `known`, and the names whose values differ between `given` and `swept`.
    """
    ignored = sorted(name for name, value in given.items() if name in swept and str(value) != str(swept[name]))
    added = {
        name: value
        for name, value in given.items()
        if name not in swept and (name not in known or known[name] != value)
    }
    return added, ignored


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value.value if isinstance(value, enum.Enum) else value
    try:
        return _plain_object(value, depth)
    except Exception:  # reading a user's object may raise anything
        return UNREADABLE


def _plain_object(value: Any, depth: int) -> Any:
    if depth == MAX_DEPTH:  # this also ends the recursion of an object that contains itself
        return type(value).__name__
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Namespace):
        value = vars(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{value.__module__}.{value.__qualname__}"  # `str` would contain an address that differs between ranks
    return next(iter(plain_config({"value": value}).values()))

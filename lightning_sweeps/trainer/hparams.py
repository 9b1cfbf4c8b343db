"""Converts hyperparameters (Namespace, dataclass, nested maps, callables, paths) to plain values for the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightning_sweeps.journal.objects import UNREADABLE as UNREADABLE
from lightning_sweeps.journal.values import plain_map


def plain_hparams(params: Any) -> dict[str, Any]:
    """Return `params` as nested maps and lists of numbers and text.

    Top-level names that begin with `_` are left out: LightningCLI stores internal values there. A value that cannot be
    converted to text becomes `<unreadable>`, so hyperparameters never stop training.
    """
    plain = plain_map({"hparams": params})[0]["hparams"]
    values = plain if isinstance(plain, dict) else {"hparams": plain}
    return {name: value for name, value in values.items() if not name.startswith("_")}


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

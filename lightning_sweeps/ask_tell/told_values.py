"""Checks what a program tells about a trial, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.arguments import choice_argument

ToldState = Literal["finished", "failed", "stopped", "preempted"]
TOLD_STATES: tuple[ToldState, ...] = get_args(ToldState)

_STATE_HINTS = {
    "complete": "use `finished`",
    "completed": "use `finished`",
    "fail": "use `failed`",
    "pruned": "use `stopped`",
    "abandoned": "use `preempted` to give the trial back, or `failed`",
}


def checked_state(state: Any) -> ToldState:
    """Return the state of a trial that ends.

    Raises:
        UsageError: it is not one of `TOLD_STATES`.
    """
    return choice_argument("state", state, TOLD_STATES, hints=_STATE_HINTS)


def named_values(value: Any, metric: str | None) -> dict[str, Any]:
    """Return values by metric name. A number is a value of the sweep's metric.

    Args:
        value: a number, an array or tensor of one element, a map of metric names to values, or None for no value.
        metric: name of the sweep's metric; None: it has none.

    Raises:
        UsageError: the value of the metric is no number, or a number has no name.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {name: _number(each, name) if name == metric else each for name, each in value.items()}
    if metric is None:
        raise UsageError(
            "the sweep has no metric, so a value needs a name",
            hint="pass a map `{name: value}`, or create the sweep with a `metric`",
        )
    return {metric: _number(value, metric)}


def check_has_value(values: Mapping[str, Any], metric: str | None, *, number: int) -> None:
    """Check that a trial that finishes has a value of the sweep's metric, if it has reported none.

    Raises:
        UsageError: it has not.
    """
    if metric is None or metric in values:
        return
    given = f"only {', '.join(f'`{name}`' for name in values)}" if values else "no value"
    raise UsageError(
        f"{given} was told for trial {number}, which needs a value of the sweep's metric `{metric}`",
        hint="tell the value, or `state='failed'`",
    )


def _number(value: Any, name: str) -> float:
    item = getattr(value, "item", None)  # of an array or a tensor
    try:
        if not isinstance(value, str | bytes):
            return float(item() if callable(item) else value)
    except (TypeError, ValueError, RuntimeError):  # torch raises RuntimeError for several elements
        pass
    raise UsageError(
        f"the value of `{name}` is a `{type(value).__name__}`, allowed: a number, or an array or tensor of one element"
    )

"""Converts logged values to the types that a row may contain: numbers, booleans, text and maps of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightning_sweeps.journal.device_copy import DeviceCopy, DeviceValueError, is_on_device

MAX_TEXT = 65_536
MAX_DEPTH = 8


def host_value(value: Any) -> Any:
    """Return the number in a tensor or array of one element, or the value of a torchmetrics metric.

    msgspec calls this for every type that it cannot encode, also for what this returns.

    Raises:
        DeviceValueError: the value is on a GPU.
        TypeError: the value has another type; the message names it.
    """
    if is_on_device(value):
        raise DeviceValueError
    return plain_value(value)


def plain_value(value: Any) -> Any:
    """Return the number in a tensor or array of one element, or the value of a torchmetrics metric.

    msgspec calls this for every type that it cannot encode, also for what this returns. Waits for a GPU.

    Raises:
        TypeError: the value has another type; the message names it.
    """
    if hasattr(value, "item") and getattr(value, "size", 1) is not None:
        count = value.numel() if hasattr(value, "numel") else getattr(value, "size", 1)
        if count == 1:
            return value.item()
        raise TypeError(f"a `{type(value).__name__}` of {count} elements is not a number; log its mean or its elements")
    if hasattr(value, "compute") and callable(value.compute):  # a torchmetrics metric
        return value.compute()
    raise TypeError(f"a `{type(value).__name__}` is neither number nor text")


def plain_values(values: object, device: DeviceCopy | None = None) -> tuple[dict[str, Any], list[str]]:
    """Return the values that can be logged and the names of those that cannot.

    The slow path, for rows that msgspec cannot encode directly.

    Args:
        values: the row.
        device: what takes the numbers that are on a GPU. None: wait for them.
    """
    kept: dict[str, Any] = {}
    rejected: list[str] = []
    if isinstance(values, Mapping):
        _collect(values, kept, rejected, device, depth=0)
    else:
        rejected.append(f"the row (a `{type(values).__name__}`, not a map)")
    return kept, rejected


def _collect(
    values: Mapping[Any, Any], kept: dict[str, Any], rejected: list[str], device: DeviceCopy | None, *, depth: int
) -> None:
    for key, value in values.items():
        name = str(key).encode("utf-8", "replace").decode()
        try:
            if isinstance(value, Mapping):
                if depth == MAX_DEPTH:
                    raise TypeError("nested too deep")
                inner: dict[str, Any] = {}
                _collect(value, inner, rejected, device, depth=depth + 1)
                kept[name] = inner
            else:
                kept[name] = _scalar(value, device)
        except Exception:  # a user's object may raise anything; its key is reported
            rejected.append(f"`{name}`")


def _scalar(value: Any, device: DeviceCopy | None) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else float(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return value[:MAX_TEXT].encode("utf-8", "replace").decode()
    if device is not None and is_on_device(value):
        return device.add(value)
    return _scalar(plain_value(value), device)

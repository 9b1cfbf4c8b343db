"""Converts numeric values to numpy arrays.

Tensors are recognized by their methods, so torch is not imported.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lightning_sweeps.errors import UsageError


def is_tensor(value: object) -> bool:
    """Return whether `value` has the methods that convert a torch tensor to a numpy array."""
    return not isinstance(value, type) and all(hasattr(value, name) for name in ("detach", "cpu", "numpy"))


def is_array(value: object) -> bool:
    """Return whether `value` is a numpy array or a tensor."""
    return isinstance(value, np.ndarray) or is_tensor(value)


def is_numeric(value: object) -> bool:
    """Return whether `value` may convert to an array: an array, a tensor, a number, a list or a data series."""
    return is_array(value) or isinstance(value, int | float | list | tuple | range) or hasattr(value, "__array__")


def to_array(values: Any) -> npt.NDArray[Any]:
    """Return `values` as an array of numbers or booleans, on the host.

    Raises:
        UsageError: `values` is not numeric, or its rows differ in length.
    """
    try:
        array = _tensor_to_array(values) if is_tensor(values) else np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise UsageError(f"a `{type(values).__name__}` cannot be converted to an array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise UsageError(f"an array of type `{array.dtype}`, allowed: numbers and booleans")
    return array


def _tensor_to_array(tensor: Any) -> npt.NDArray[Any]:
    on_host = tensor.detach().cpu()
    try:
        return np.asarray(on_host.numpy())
    except TypeError:  # numpy has no type for it, for example bfloat16
        return np.asarray(on_host.float().numpy())

"""Logs histograms of a model's gradients and parameters.

They are computed on the device and copied to the host together. A forward pass logs them once the copy has arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch

from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.device_copy import TensorCopy
from lightning_sweeps.sdk.run import Run

Watched = Literal["gradients", "parameters", "all"]
BINS = 64
KEY = "watch"


@dataclass(frozen=True, slots=True)
class _Histograms:
    """Histograms on their way to the host.

    Attributes:
        names: the name of each.
        step: the step to log them at.
        rows: shape (len(names), 4 + BINS); on the host once `copy` has arrived.
        copy: the copy from the GPU, None on the CPU.
    """

    names: list[str]
    step: int
    rows: torch.Tensor
    copy: TensorCopy | None


class _Hook:
    """A hook on a model. A pickle or a copy of the model has a hook that does nothing: it belongs to no run."""

    def __init__(self, record: Callable[..., None] | None = None) -> None:
        self._record = record

    def __call__(self, *args: Any) -> None:
        if self._record is not None:
            self._record(*args)

    def __reduce__(self) -> Any:
        return _Hook, ()


class ModelWatch:
    """Hooks on one model. A step without a histogram costs one comparison per parameter.

    Args:
        model: the model.
        current_run: returns the run to log to. It is called when histograms are logged.
        what: gradients, parameters or both.
        every: log at every `every`th training step.

    Raises:
        UsageError: `what` or `every` is not allowed.
    """

    def __init__(self, model: torch.nn.Module, current_run: Callable[[], Run], *, what: Watched, every: int) -> None:
        if what not in get_args(Watched):
            raise UsageError(f"`log` is `{what}`, allowed: {', '.join(get_args(Watched))}")
        if every < 1:
            raise UsageError(f"`log_freq` is `{every}`, allowed: integers from 1")
        self._current_run = current_run
        self._every = every
        self._model = model
        self._steps = 0
        self._is_due = False
        self._histograms: dict[str, torch.Tensor] = {}
        self._copied: _Histograms | None = None
        self._handles: list[Any] = [model.register_forward_pre_hook(_Hook(self._on_forward))]
        self._logs_parameters = what != "gradients"
        if what != "parameters":
            for name, parameter in model.named_parameters():
                if parameter.requires_grad and parameter.numel():
                    register: Any = parameter.register_post_accumulate_grad_hook
                    self._handles.append(register(_Hook(self._make_hook(name))))

    def remove(self) -> None:
        """Remove the hooks and log the pending histograms."""
        self._copy()
        self._log(waits=True)
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _on_forward(self, module: torch.nn.Module, inputs: Any) -> None:  # noqa: ARG002 - a hook's signature
        if not (module.training and torch.is_grad_enabled()):
            return
        self._log(waits=False)
        self._copy()
        self._is_due = self._steps % self._every == 0
        self._steps += 1
        if self._is_due and self._logs_parameters:
            for name, parameter in self._model.named_parameters():
                if parameter.numel():
                    self._histograms[f"parameters/{name}"] = _histogram(parameter)

    def _make_hook(self, name: str) -> Callable[[torch.Tensor], None]:
        def record(parameter: torch.Tensor) -> None:
            if self._is_due and parameter.grad is not None:
                self._histograms[f"gradients/{name}"] = _histogram(parameter.grad)

        return record

    def _copy(self) -> None:
        """Start to copy the histograms of the last step to the host."""
        if not self._histograms:
            return
        self._log(waits=True)  # those before, if the GPU is a whole interval behind
        rows = torch.stack(list(self._histograms.values()))
        step = self._current_run().last_step
        self._copied = _Histograms(list(self._histograms), step, rows, TensorCopy(rows) if rows.is_cuda else None)
        self._histograms = {}
        self._log(waits=False)

    def _log(self, *, waits: bool) -> None:
        """Log the copied histograms if they have arrived, or wait for them."""
        copied = self._copied
        if copied is None or not (waits or copied.copy is None or copied.copy.event.query()):
            return
        self._copied = None
        if copied.copy is not None:
            copied.copy.event.synchronize()
        host = copied.rows if copied.copy is None else copied.copy.host
        tensors = {
            name: {"min": row[0], "max": row[1], "mean": row[2], "not_finite": int(row[3]), "counts": row[4:]}
            for name, row in zip(copied.names, host.tolist(), strict=True)
        }
        self._current_run().log_media(KEY, {"bins": BINS, "tensors": tensors}, kind="json", step=copied.step)


@torch.no_grad()
def _histogram(tensor: torch.Tensor) -> torch.Tensor:
    """Return the histogram of a tensor, on its device.

    Returns:
        Shape (4 + BINS,): the smallest, the largest and the mean finite element, the number of elements that are not
        finite, and the counts of `BINS` bins of equal width.
    """
    values = tensor.detach().float().flatten()
    finite = torch.isfinite(values)
    kept = torch.where(finite, values, 0.0)
    low = torch.where(finite, values, torch.inf).amin()
    high = torch.where(finite, values, -torch.inf).amax()
    width = torch.where(high > low, high - low, 1.0)
    places = ((kept - low) / width * BINS).clamp(0, BINS - 1).nan_to_num(0).long()
    counts = torch.zeros(BINS, device=values.device).scatter_add_(0, places, finite.float())
    count = finite.sum()
    return torch.cat([torch.stack([low, high, kept.sum() / count.clamp(min=1), (~finite).sum().float()]), counts])

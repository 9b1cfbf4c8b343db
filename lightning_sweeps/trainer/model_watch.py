"""Logs histograms of a model's gradients and parameters.

They are computed on the device and copied to the host together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import torch

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.run import Run

Watched = Literal["gradients", "parameters", "all"]
BINS = 64
KEY = "watch"


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
        self._handles: list[Any] = [model.register_forward_pre_hook(self._on_forward)]
        self._logs_parameters = what != "gradients"
        if what != "parameters":
            for name, parameter in model.named_parameters():
                if parameter.requires_grad and parameter.numel():
                    register: Any = parameter.register_post_accumulate_grad_hook
                    self._handles.append(register(self._make_hook(name)))

    def remove(self) -> None:
        """Remove the hooks and log the pending histograms."""
        self._flush()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _on_forward(self, module: torch.nn.Module, inputs: Any) -> None:  # noqa: ARG002 - a hook's signature
        if not (module.training and torch.is_grad_enabled()):
            return
        self._flush()
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

    def _flush(self) -> None:
        if not self._histograms:
            return
        rows = torch.stack(list(self._histograms.values())).cpu().tolist()  # the only wait for the device
        tensors = {
            name: {"min": row[0], "max": row[1], "mean": row[2], "not_finite": int(row[3]), "counts": row[4:]}
            for name, row in zip(self._histograms, rows, strict=True)
        }
        self._histograms = {}
        self._current_run().log_media(KEY, {"bins": BINS, "tensors": tensors}, kind="json")


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

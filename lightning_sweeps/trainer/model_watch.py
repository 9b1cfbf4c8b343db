"""Histograms of a model's gradients and parameters while it trains, made on the device, moved to the host at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import torch

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.encoding import encode_plain
from lightning_sweeps.sdk.run import Run

Watched = Literal["gradients", "parameters", "all"]
BINS = 64


class ModelWatch:
    """Hooks on one model. A step without a histogram costs a comparison per parameter.

    Args:
        run: gives the run to log to; asked at the time of logging.
        what: gradients, parameters or both.
        every: at every so many training steps.
    """

    def __init__(self, model: torch.nn.Module, run: Callable[[], Run], *, what: Watched, every: int) -> None:
        if what not in get_args(Watched):
            raise UsageError(f"`log` is `{what}`, allowed: {', '.join(get_args(Watched))}")
        if every < 1:
            raise UsageError(f"`log_freq` is `{every}`, allowed: whole numbers from 1 on")
        self._run = run
        self._every = every
        self._model = model
        self._steps = 0
        self._is_due = False
        self._found: dict[str, torch.Tensor] = {}
        self._handles: list[Any] = [model.register_forward_pre_hook(self._on_forward)]
        self._logs_parameters = what != "gradients"
        if what != "parameters":
            for name, parameter in model.named_parameters():
                if parameter.requires_grad and parameter.numel():
                    register: Any = parameter.register_post_accumulate_grad_hook
                    self._handles.append(register(self._hook(name)))

    def remove(self) -> None:
        """Take the hooks off and log what is waiting."""
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
                    self._found[f"parameters/{name}"] = _histogram(parameter)

    def _hook(self, name: str) -> Callable[[torch.Tensor], None]:
        def record(parameter: torch.Tensor) -> None:
            if self._is_due and parameter.grad is not None:
                self._found[f"gradients/{name}"] = _histogram(parameter.grad)

        return record

    def _flush(self) -> None:
        if not self._found:
            return
        table = torch.stack(list(self._found.values())).cpu().tolist()  # the only wait for the device
        values = {
            name: {"min": row[0], "max": row[1], "mean": row[2], "not_finite": int(row[3]), "counts": row[4:]}
            for name, row in zip(self._found, table, strict=True)
        }
        self._found = {}
        encoded = encode_plain({"bins": BINS, "tensors": values})
        self._run().log_media("watch", encoded.content, mime=encoded.mime)


@torch.no_grad()
def _histogram(tensor: torch.Tensor) -> torch.Tensor:
    """Return least, greatest and mean finite element, how many are not finite, and the counts of `BINS` bins."""
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

"""Measures how each rank uses its time and data. The results are logged at the Trainer's logging steps.

Between two logging steps a batch costs a few clock readings. A logging step costs one row, and one gradient norm unless
norms have taken more than `NORM_SHARE` of the time so far. Only `check_data` (once, at the first batch) and
`check_parameters` (every `check_every` batches) wait for other ranks; the work times travel with the synchronizations
of `rank_sync.py`.
"""

from __future__ import annotations

import hashlib
import logging
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

log = logging.getLogger("lightning_sweeps")

MIN_REPORTED_SKEW = 1.5
MIN_REPORTED_DIFFERENCE_S = 0.005
"""Ranks that differ by less than this per batch do not slow one another noticeably."""

HASHED_ELEMENTS = 4096
INDEXES_SHOWN = 8
NORM_SHARE = 0.002
"""Largest share of the training time for gradient norms. They read every gradient once more."""


@dataclass(slots=True)
class IntervalTotals:
    """Totals since the last row."""

    batches: int = 0
    samples: int = 0
    data_wait_s: float = 0.0
    step_s: float = 0.0


class RankInsight:
    """The measurements of one rank during one `fit`.

    Args:
        check_every: number of batches between two comparisons of the parameters of all ranks. 0: never compare.
    """

    def __init__(self, *, check_every: int) -> None:
        self._check_every = check_every
        self._totals = IntervalTotals()
        self._batch_started_at = self._batch_ended_at = time.perf_counter()
        self._work_s = 0.0
        self._work_batches = 0
        self._gradient_norm: torch.Tensor | None = None
        self._started_at = self._batch_started_at
        self._norms_s = 0.0
        self._has_diverged = False
        self._reported_slowest: int | None = None

    def start_batch(self) -> None:
        """Record that a batch starts. The time since the last one was spent waiting for data."""
        now = time.perf_counter()
        wait_s = now - self._batch_ended_at
        self._totals.data_wait_s += wait_s
        self._work_s += wait_s
        self._batch_started_at = now

    def before_backward(self) -> None:
        """Record the end of this rank's own work: from the backward pass on, ranks wait for one another."""
        self._work_s += time.perf_counter() - self._batch_started_at

    def before_optimizer_step(self, module: torch.nn.Module) -> None:
        """Compute the norm of the gradients on the device. Call it at logging steps only.

        Under DDP the gradients are already averaged. Nothing is computed while norms have taken more than `NORM_SHARE`
        of the time.
        """
        now = time.perf_counter()
        if self._norms_s > NORM_SHARE * (now - self._started_at):
            return
        gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
        self._gradient_norm = _norm(gradients) if gradients else None
        self._norms_s += time.perf_counter() - now

    def end_batch(self, batch: Any) -> None:
        """Record that a batch ends."""
        now = time.perf_counter()
        totals = self._totals
        totals.batches += 1
        totals.samples += count_samples(batch)
        totals.step_s += now - self._batch_started_at
        self._work_batches += 1
        self._batch_ended_at = now

    def take_row(self, loss: torch.Tensor | None) -> dict[str, float | torch.Tensor]:
        """Return the measurements since the last row and reset them. Does not wait for the device.

        Args:
            loss: the loss of the batch on this rank, a tensor of one element.
        """
        totals, self._totals = self._totals, IntervalTotals()
        batches = max(1, totals.batches)
        seconds = totals.data_wait_s + totals.step_s
        row: dict[str, float | torch.Tensor] = {
            "rank/step_s": totals.step_s / batches,
            "rank/data_wait_s": totals.data_wait_s / batches,
            "rank/samples_per_s": totals.samples / seconds if seconds else 0.0,
        }
        if loss is not None:
            row["rank/batch_loss"] = loss.detach()
        if self._gradient_norm is not None:
            row["rank/gradient_norm"] = self._gradient_norm
            self._gradient_norm = None
        return row

    def restart_wait_clock(self) -> None:
        """Exclude the time since the end of the batch (synchronization, logging, validation) from the data wait."""
        self._batch_ended_at = time.perf_counter()

    def take_work_us(self) -> int:
        """Return this rank's own work (data and forward pass) since the last call, in microseconds per batch."""
        work_us = round(1e6 * self._work_s / max(1, self._work_batches))
        self._work_s, self._work_batches = 0.0, 0
        return work_us

    def compare_work(self, works_us: Sequence[int]) -> dict[str, float]:
        """Return how uneven the work of the ranks is. A new slowest rank is logged.

        Args:
            works_us: the own work of each rank, in microseconds per batch.

        Returns:
            `ranks/skew`, the largest value over the median, and `ranks/slowest`, the rank with the largest value.
        """
        if len(works_us) < 2 or not any(works_us):
            return {}
        median = statistics.median_low(works_us)
        slowest = max(range(len(works_us)), key=lambda rank: works_us[rank])
        skew = works_us[slowest] / max(1, median)
        if skew >= MIN_REPORTED_SKEW and works_us[slowest] - median > 1e6 * MIN_REPORTED_DIFFERENCE_S:
            if slowest != self._reported_slowest:
                log.info("rank %d is the slowest: %.1f times the median of all ranks", slowest, skew)
            self._reported_slowest = slowest
        return {"ranks/skew": skew, "ranks/slowest": float(slowest)}

    def check_data(self, trainer: Any, batch: Any) -> str:
        """Compare the number of batches and the first batch of all ranks. This is a collective.

        Returns:
            A description of the fault, or an empty string. All ranks find the same fault.
        """
        count = trainer.num_training_batches
        batches = -1 if count == float("inf") else int(count)
        numbers = torch.tensor([batches, hash_batch(batch)], device=trainer.strategy.root_device)
        gathered: list[list[int]] = trainer.strategy.all_gather(numbers).reshape(-1, 2).tolist()
        fault = find_shard_faults([row[0] for row in gathered], [row[1] for row in gathered])
        indexes = first_indexes(trainer.train_dataloader)
        if fault and indexes:
            fault += f"; rank {trainer.global_rank} begins with the samples {indexes}"
        return fault

    def check_parameters(self, trainer: Any, module: torch.nn.Module, batch_number: int) -> str:
        """Compare a checksum of the parameters of all ranks, every `check_every` batches. This is a collective then.

        Returns:
            A description of the ranks that differ from rank 0, once, or an empty string.
        """
        if not self._check_every or batch_number % self._check_every or self._has_diverged:
            return ""
        sums = trainer.strategy.all_gather(checksum_of(module)).flatten().tolist()
        others = [rank for rank, value in enumerate(sums) if value != sums[0] and value == value]
        if not others:
            return ""
        self._has_diverged = True
        ranks = ", ".join(map(str, others))
        return f"at step {trainer.global_step} the parameters of rank {ranks} differ from those of rank 0"


def find_shard_faults(batches: Sequence[int], digests: Sequence[int]) -> str:
    """Return a description of faults in the distribution of data, or an empty string.

    Args:
        batches: the number of batches of each rank, -1 if unknown.
        digests: a hash of the first batch of each rank, 0 if the batch has no tensors.
    """
    faults = []
    if len(set(batches)) > 1:
        counts = ", ".join(f"rank {rank}: {count}" for rank, count in enumerate(batches))
        faults.append(f"ranks have different numbers of batches ({counts})")
    ranks_by_digest: dict[int, list[str]] = {}
    for rank, digest in enumerate(digests):
        if digest:
            ranks_by_digest.setdefault(digest, []).append(str(rank))
    same = [" and ".join(ranks) for ranks in ranks_by_digest.values() if len(ranks) > 1]
    if same:
        faults.append(f"ranks {'; '.join(same)} see the same samples in their first batch")
    return "; ".join(faults)


def first_indexes(loader: Any) -> list[int]:
    """Return the first sample indexes of this rank, if reading its sampler again does not affect training."""
    sampler = getattr(loader, "sampler", None)
    if sampler is None or not hasattr(sampler, "num_replicas"):  # other samplers draw from the global random state
        return []
    return [index for index, _ in zip(sampler, range(INDEXES_SHOWN), strict=False)]


def hash_batch(batch: Any) -> int:
    """Return a hash of the content of a batch, 0 for a batch without tensors."""
    digest = hashlib.blake2b(digest_size=7)
    has_content = False
    for tensor in _tensors(batch):
        part = tensor.detach().flatten()[:HASHED_ELEMENTS].cpu().contiguous()
        digest.update(part.view(torch.uint8).numpy().tobytes())
        has_content = True
    return int.from_bytes(digest.digest(), "big") if has_content else 0


def count_samples(batch: Any) -> int:
    """Return the length of the first tensor in a batch."""
    first = next(_tensors(batch), None)
    return first.shape[0] if first is not None and first.ndim else 0


def _norm(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Return the norm over the elements of all tensors, with a few kernels for all of them."""
    norm: torch.Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm


@torch.no_grad()
def checksum_of(module: torch.nn.Module) -> torch.Tensor:
    """Return a number that differs if parameters differ, as a tensor of shape () on their device."""
    parameters = [parameter.detach().float() for parameter in module.parameters() if parameter.numel()]
    weights = torch.arange(1, len(parameters) + 1, device=parameters[0].device)
    norms: torch.Tensor = torch.stack(torch._foreach_norm(parameters))
    return (norms * weights).sum().double()


def _tensors(batch: Any) -> Iterator[torch.Tensor]:
    if isinstance(batch, torch.Tensor):
        yield batch
    elif isinstance(batch, Mapping):
        for value in batch.values():
            yield from _tensors(value)
    elif isinstance(batch, list | tuple):
        for value in batch:
            yield from _tensors(value)

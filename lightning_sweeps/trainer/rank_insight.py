"""What each rank does with its time and its data: measured on the host, logged at the Trainer's own logging steps.

Between two logging steps a batch costs a few clock readings. At a logging step it costs one row, and one norm over the
gradients where these norms have taken less than `NORM_SHARE` of the time so far. Nothing here waits for another rank
but `check_data` (once, at the first batch) and `check_parameters` (every so many batches); the ranks' times travel with
the meetings that are held anyway.
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

SKEW_WORTH_SAYING = 1.5
LEAST_WORK_S = 0.005
"""Ranks that differ within less than this do not slow one another in a way that anybody feels."""
HASHED_ELEMENTS = 4096
INDEXES_SHOWN = 8
NORM_SHARE = 0.002
"""Of the training's time, at most, for norms of gradients: they read every parameter once more."""


@dataclass(slots=True)
class Interval:
    """Sums since the last row."""

    batches: int = 0
    samples: int = 0
    data_wait_s: float = 0.0
    step_s: float = 0.0


class RankInsight:
    """One rank's measurements during one `fit`.

    Args:
        check_every: how many batches lie between two comparisons of the parameters over ranks; 0: none.
    """

    def __init__(self, *, check_every: int) -> None:
        self._check_every = check_every
        self._interval = Interval()
        self._started_at = self._ended_at = time.perf_counter()
        self._work_s = 0.0
        self._work_batches = 0
        self._gradient_norm: torch.Tensor | None = None
        self._began_at = self._started_at
        self._norms_s = 0.0
        self._has_diverged = False
        self._slowest_said: int | None = None

    def batch_start(self) -> None:
        now = time.perf_counter()
        wait_s = now - self._ended_at
        self._interval.data_wait_s += wait_s
        self._work_s += wait_s
        self._started_at = now

    def before_backward(self) -> None:
        """From here on ranks wait for one another: what came before is this rank's own work."""
        self._work_s += time.perf_counter() - self._started_at

    def before_optimizer_step(self, module: torch.nn.Module) -> None:
        """Note the norm of the gradients that are applied, on the device; called at logging steps only.

        Under DDP these are the average over ranks already. Left out while norms have taken `NORM_SHARE` of the time.
        """
        now = time.perf_counter()
        if self._norms_s > NORM_SHARE * (now - self._began_at):
            return
        gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
        self._gradient_norm = _norm(gradients) if gradients else None
        self._norms_s += time.perf_counter() - now

    def batch_end(self, batch: Any) -> None:
        now = time.perf_counter()
        interval = self._interval
        interval.batches += 1
        interval.samples += count_samples(batch)
        interval.step_s += now - self._started_at
        self._work_batches += 1
        self._ended_at = now

    def take_row(self, loss: torch.Tensor | None) -> dict[str, float]:
        """Return what was measured since the last row, and begin anew. Waits for the device, as logging a loss does."""
        interval, self._interval = self._interval, Interval()
        batches = max(1, interval.batches)
        seconds = interval.data_wait_s + interval.step_s
        row = {
            "rank/step_s": interval.step_s / batches,
            "rank/data_wait_s": interval.data_wait_s / batches,
            "rank/samples_per_s": interval.samples / seconds if seconds else 0.0,
        }
        if loss is not None:
            row["rank/batch_loss"] = float(loss)
        if self._gradient_norm is not None:
            row["rank/gradient_norm"] = float(self._gradient_norm)
            self._gradient_norm = None
        return row

    def continue_from_now(self) -> None:
        """What was since the batch ended (meetings, logging, validation) is no waiting for data."""
        self._ended_at = time.perf_counter()

    def take_work_us(self) -> int:
        """Return this rank's own work per batch since the last call, in microseconds: data and forward pass."""
        work_us = round(1e6 * self._work_s / max(1, self._work_batches))
        self._work_s, self._work_batches = 0.0, 0
        return work_us

    def compare_work(self, works_us: Sequence[int]) -> dict[str, float]:
        """Return how uneven the ranks' work is: greatest over median, and whose it is. A new slowest rank is said."""
        if len(works_us) < 2 or not any(works_us):
            return {}
        median = statistics.median_low(works_us)
        slowest = max(range(len(works_us)), key=lambda rank: works_us[rank])
        skew = works_us[slowest] / max(1, median)
        if skew >= SKEW_WORTH_SAYING and works_us[slowest] - median > 1e6 * LEAST_WORK_S:
            if slowest != self._slowest_said:
                log.info("rank %d is the slowest: %.1f times the median of all ranks", slowest, skew)
            self._slowest_said = slowest
        return {"ranks/skew": skew, "ranks/slowest": float(slowest)}

    def check_data(self, trainer: Any, batch: Any) -> str:
        """Compare over ranks how many batches there are and what the first one holds. A collective.

        Returns:
            what is wrong, in words; empty where nothing is. The same on every rank.
        """
        count = trainer.num_training_batches
        batches = -1 if count == float("inf") else int(count)
        numbers = torch.tensor([batches, digest_of(batch)], device=trainer.strategy.root_device)
        gathered: list[list[int]] = trainer.strategy.all_gather(numbers).reshape(-1, 2).tolist()
        found = shard_faults([row[0] for row in gathered], [row[1] for row in gathered])
        indexes = first_indexes(trainer.train_dataloader)
        if found and indexes:
            found += f"; rank {trainer.global_rank} begins with the samples {indexes}"
        return found

    def check_parameters(self, trainer: Any, module: torch.nn.Module, batch_number: int) -> str:
        """Compare over ranks a checksum of the parameters, every `check_every` batches. A collective then.

        Returns:
            which ranks differ from rank 0, in words, once; empty where none do.
        """
        if not self._check_every or batch_number % self._check_every or self._has_diverged:
            return ""
        sums = trainer.strategy.all_gather(checksum_of(module)).flatten().tolist()
        others = [rank for rank, value in enumerate(sums) if value != sums[0] and value == value]
        if not others:
            return ""
        self._has_diverged = True
        ranks = ", ".join(map(str, others))
        return f"at step {trainer.global_step} the parameters of rank {ranks} are not those of rank 0"


def shard_faults(batches: Sequence[int], digests: Sequence[int]) -> str:
    """Return what is wrong with the ranks' data, in words.

    Args:
        batches: how many each rank has, -1 where that is not known.
        digests: of each rank's first batch, 0 where there is none.
    """
    faults = []
    if len(set(batches)) > 1:
        counts = ", ".join(f"rank {rank}: {count}" for rank, count in enumerate(batches))
        faults.append(f"ranks have different numbers of batches ({counts})")
    alike: dict[int, list[str]] = {}
    for rank, digest in enumerate(digests):
        if digest:
            alike.setdefault(digest, []).append(str(rank))
    same = [" and ".join(ranks) for ranks in alike.values() if len(ranks) > 1]
    if same:
        faults.append(f"ranks {'; '.join(same)} see the same samples in their first batch")
    return "; ".join(faults)


def first_indexes(loader: Any) -> list[int]:
    """Return the first samples of this rank where its sampler can be asked twice without an effect on training."""
    sampler = getattr(loader, "sampler", None)
    if sampler is None or not hasattr(sampler, "num_replicas"):  # others draw from the global random state
        return []
    return [index for index, _ in zip(sampler, range(INDEXES_SHOWN), strict=False)]


def digest_of(batch: Any) -> int:
    """Return a number for the content of a batch, 0 for a batch without tensors."""
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
    """Return the norm over all elements, a few kernels for all tensors."""
    norm: torch.Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm


@torch.no_grad()
def checksum_of(module: torch.nn.Module) -> torch.Tensor:
    """Return one number that differs where parameters differ, on their device."""
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

"""Measurements of each rank, and reports about differences between ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler, RandomSampler, Sampler, TensorDataset

from lightning_sweeps import SweepCallback, SweepLogger
from lightning_sweeps.errors import UsageError
from lightning_sweeps.trainer.rank_insight import (
    RankInsight,
    checksum_of,
    count_samples,
    find_shard_faults,
    first_indexes,
    hash_batch,
)
from tests.trainer.journals import logged_run, logged_runs
from tests.trainer.models import BATCHES, Model, make_trainer
from tests.trainer.programs import PROGRAMS, run_program

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")

KEYS = {"rank/step_s", "rank/data_wait_s", "rank/samples_per_s", "rank/batch_loss", "rank/gradient_norm"}


@pytest.mark.launch
@pytest.mark.alone
def test_differences_between_ranks_are_reported(tmp_path: Path) -> None:
    printed = run_program(PROGRAMS / "uneven.py", home=tmp_path)
    first, second = logged_runs(tmp_path)
    for run in (first, second):
        assert "ranks 0 and 1 see the same samples" in run.summary["data_shards"]
        assert run.summary["parameters"] == "at step 30 the parameters of rank 1 differ from those of rank 0"
        assert [step for step, _ in run.series("rank/step_s")] == [9, 19, 29, 39]
        assert any(row.values.keys() == KEYS for row in run.rows)
    assert "rank 1 differ from those of rank 0" in printed
    assert {slowest for _, slowest in first.series("ranks/slowest")} == {1.0}
    assert max(skew for _, skew in first.series("ranks/skew")) > 2
    assert second.series("ranks/skew") == []


def test_one_process_is_measured_if_insight_is_on(home: Path, tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, logger=SweepLogger(), callbacks=[SweepCallback(insight=True)])
    trainer.fit(Model())
    run = logged_run(home)
    rows = [row for row in run.rows if "rank/step_s" in row.values]
    assert [row.step for row in rows] == list(range(2 * BATCHES))
    for row, (_, loss) in zip(rows, run.series("loss"), strict=True):
        assert row.values.keys() | {"rank/gradient_norm"} == KEYS  # a norm is left out if it takes too long
        assert row.values["rank/batch_loss"] == pytest.approx(loss)
        assert 0 < row.values["rank/step_s"] < 10
        assert row.values["rank/samples_per_s"] > 0
    assert rows[0].values["rank/gradient_norm"] > 0
    assert "data_shards" not in run.summary


@pytest.mark.parametrize(
    ("mode", "insight", "expected"), [("single", None, 0), ("grouped", False, 0), ("shared", None, 8)]
)
def test_insight_depends_on_argument_and_mode(
    home: Path, tmp_path: Path, mode: Any, insight: bool | None, expected: int
) -> None:
    make_trainer(tmp_path, logger=SweepLogger(mode=mode), callbacks=[SweepCallback(insight=insight)]).fit(Model())
    assert len(logged_run(home).series("rank/step_s")) == expected


@pytest.mark.parametrize(
    ("batches", "digests", "expected"),
    [
        ([4, 4], [1, 2], ""),
        ([-1, -1], [0, 0], ""),
        ([4, 5], [1, 2], "ranks have different numbers of batches (rank 0: 4, rank 1: 5)"),
        ([4, 4, 4], [7, 1, 7], "ranks 0 and 2 see the same samples in their first batch"),
    ],
)
def test_faults_in_the_distribution_of_data(batches: list[int], digests: list[int], expected: str) -> None:
    assert find_shard_faults(batches, digests) == expected


def test_work_is_compared_with_the_median(caplog: pytest.LogCaptureFixture) -> None:
    insight = RankInsight(check_every=0)
    assert insight.compare_work([100]) == {}
    assert insight.compare_work([0, 0]) == {}
    assert insight.compare_work([10_000, 10_000, 40_000]) == {"ranks/skew": 4.0, "ranks/slowest": 2.0}


def test_samplers_are_read_only_without_side_effects() -> None:
    data = TensorDataset(torch.arange(20))
    distributed: Sampler[int] = DistributedSampler(data, 2, 1, shuffle=False)
    assert first_indexes(DataLoader(data, sampler=distributed)) == [1, 3, 5, 7, 9, 11, 13, 15]
    assert first_indexes(DataLoader(data, sampler=RandomSampler(data))) == []


def test_batches_of_any_structure_are_hashed() -> None:
    batch = {"x": [torch.ones(3, 2), "text"], "y": torch.zeros(3, dtype=torch.bfloat16)}
    assert count_samples(batch) == 3
    assert hash_batch(batch) == hash_batch({"x": [torch.ones(3, 2)], "y": torch.zeros(3, dtype=torch.bfloat16)})
    assert hash_batch(batch) != hash_batch({"x": [torch.zeros(3, 2)]})
    assert (count_samples("text"), hash_batch(None)) == (0, 0)
    assert count_samples(torch.tensor(1.0)) == 0


def test_a_checksum_differs_if_parameters_differ() -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 2)
    before = checksum_of(model)
    assert torch.equal(before, checksum_of(model))
    with torch.no_grad():
        model.weight[0, 0] += 1e-3
    assert not torch.equal(before, checksum_of(model))


def test_a_negative_number_of_batches_is_not_allowed() -> None:
    with pytest.raises(UsageError, match="check_parameters_every"):
        SweepCallback(check_parameters_every=-1)

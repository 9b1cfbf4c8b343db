"""The digits example with every launcher of one machine: which ranks have a run, and what it contains."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.trainer.journals import LoggedRun, logged_runs
from tests.trainer.programs import (
    DDP_EXAMPLE,
    PROGRAMS,
    TORCHRUN,
    order_stop,
    poll,
    run_program,
    start_program,
    wait_for,
    write_trial,
)

pytestmark = [pytest.mark.launch, pytest.mark.slow]

LIGHTNING = DDP_EXAMPLE / "train_lightning.py"
PLAIN = DDP_EXAMPLE / "train_ddp.py"
EPOCHS = 2
GROUPED_PROGRAMS: dict[str, Sequence[str | Path]] = {
    "torchrun": [*TORCHRUN, LIGHTNING, "--mode=grouped"],
    "spawn": [LIGHTNING, "--devices=2", "--strategy=ddp_spawn", "--mode=grouped"],
    "plain": [*TORCHRUN, PLAIN, "--mode=grouped"],
}


@pytest.fixture(scope="module", params=GROUPED_PROGRAMS)
def grouped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[LoggedRun]:
    home = tmp_path_factory.mktemp("home")
    run_program(*GROUPED_PROGRAMS[request.param], f"--epochs={EPOCHS}", "--project=digits", home=home)
    return logged_runs(home)


def test_grouped_gives_every_rank_a_run_in_one_group(grouped: list[LoggedRun]) -> None:
    assert [run.info.rank for run in grouped] == [0, 1]
    assert len({run.info.id for run in grouped}) == 2
    assert len({run.info.group for run in grouped}) == 1
    assert {(run.info.world_size, run.info.project, run.info.mode) for run in grouped} == {(2, "digits", "grouped")}
    assert [run.end for run in grouped] == [("finished", "")] * 2


def test_grouped_stores_shared_metrics_once(grouped: list[LoggedRun], request: pytest.FixtureRequest) -> None:
    """Only the Trainer knows what it has reduced. Without it, each rank stores all that it logs."""
    first, second = grouped
    is_known = request.node.callspec.params["grouped"] != "plain"
    assert [step for step, _ in first.series("train/loss")] == [step for step, _ in second.series("train/loss")]
    assert first.series("train/loss") != second.series("train/loss")
    for key in ("val/loss", "val/accuracy"):
        assert second.series(key) == ([] if is_known else first.series(key))
        assert len(first.series(key)) == EPOCHS
    assert {"val/loss", "val/accuracy"} <= set(first.summary["synced"]) if is_known else "synced" not in first.summary
    assert "synced" not in second.summary
    assert first.series("val/accuracy")[-1][1] > 0.5


def test_grouped_stores_the_configuration_on_every_rank(grouped: list[LoggedRun]) -> None:
    for run in grouped:
        assert (run.config["lr"], run.config["hidden"]) == (0.003, 64)


def test_single_gives_only_rank_0_a_run_with_lightnings_own_launcher(tmp_path: Path) -> None:
    run_program(LIGHTNING, "--devices=2", "--mode=single", f"--epochs={EPOCHS}", home=tmp_path)
    [run] = logged_runs(tmp_path)
    assert (run.info.rank, run.info.world_size, run.end) == (0, 2, ("finished", ""))
    assert len(run.series("train/loss_mean")) == EPOCHS
    assert Path(run.summary["best_model_path"]).is_relative_to(tmp_path / "runs" / "default" / run.info.id)
    assert Path(run.summary["best_model_path"]).exists()


def test_every_rank_of_fabric_sees_the_same_run_and_rank_0_logs(tmp_path: Path) -> None:
    printed = run_program(PROGRAMS / "fabric.py", home=tmp_path)
    lines = [line.partition(": ") for line in sorted(printed.splitlines()) if line.startswith("rank ")]
    first, second = [json.loads(line[2]) for line in lines]
    assert first == second
    assert (first["config"], first["summary"], first["has_lr"]) == ({"lr": 0.1}, {"steps": 2}, True)
    [run] = logged_runs(tmp_path)
    assert (run.info.id, run.info.rank, run.info.world_size) == (first["id"], 0, 2)
    assert [len(run.series(name)) for name in ("loss", "own")] == [2, 2]


def test_a_run_used_before_the_process_group_learns_its_rank(tmp_path: Path) -> None:
    run_program(PROGRAMS / "early.py", home=tmp_path)
    first, second = logged_runs(tmp_path)
    assert [info.world_size for info in first.attempts] == [1, 2]
    assert (first.info.rank, second.info.rank, second.info.world_size) == (0, 1, 2)
    assert first.info.group == second.info.group
    assert (first.config, second.config) == ({"early": 1}, {"early": 1})


def test_a_stop_ends_all_ranks_at_the_same_step_with_exit_status_0(tmp_path: Path) -> None:
    trial = write_trial(tmp_path, {"lr": 0.25})
    with start_program(PROGRAMS / "endless.py", home=tmp_path, LIGHTNING_SWEEPS_TRIAL=str(trial)) as process:
        poll(
            lambda: len(logged_runs(tmp_path)) == 2 and all(len(run.rows) > 20 for run in logged_runs(tmp_path)),
            process,
        )
        order_stop(tmp_path, logged_runs(tmp_path)[0].info.id, "band 2: in the worse half")
        printed = wait_for(process)
    for rank in (0, 1):
        assert f"rank {rank} has {{'lr': 0.25}}" in printed
    first, second = logged_runs(tmp_path)
    assert f"rank 1 left after {len(first.series('loss'))}: band 2: in the worse half" in printed
    assert [step for step, _ in first.series("loss")] == [step for step, _ in second.series("loss")]
    assert first.series("loss") != second.series("loss")
    assert [run.end for run in (first, second)] == [("stopped", "band 2: in the worse half")] * 2
    assert {(run.info.trial, run.info.sweep, run.info.project, run.info.group) for run in (first, second)} == {
        ("t-1", "s-1", "swept", "t-1")
    }
    assert [run.config for run in (first, second)] == [{"lr": 0.25}] * 2

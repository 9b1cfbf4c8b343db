"""SIGTERM while two ranks train: no rank hangs, the run ends as `preempted`, and the next attempt continues it.

Without SweepCallback, Lightning hangs whenever one rank receives the signal, and half of the time when all do.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.journals import logged_runs
from tests.trainer.preemption import STARTS, preempt
from tests.trainer.programs import run_program, write_trial

pytestmark = [pytest.mark.fault, pytest.mark.launch, pytest.mark.slow]


@pytest.mark.parametrize(
    ("start", "target"),
    [  # all nine: benchmarks/sigterm.py
        ("torchrun", "all"),
        ("torchrun", "rank 1"),
        ("lightning", "rank 0"),
        ("ddp_spawn", "launcher"),
        ("ddp_spawn", "rank 1"),
    ],
)
def test_sigterm_ends_all_ranks_at_one_step_and_the_run_is_preempted(tmp_path: Path, start: str, target: str) -> None:
    home = tmp_path / "run"
    returncode, printed = preempt(home, STARTS[start], target=target)
    assert returncode not in (None, 0), printed
    first, second = logged_runs(home)
    assert first.end == second.end, printed
    assert first.end[0] == "preempted"
    assert first.end[1].startswith(f"SIGTERM at step {len(first.series('loss'))}, saved to ")
    assert [step for step, _ in first.series("loss")] == [step for step, _ in second.series("loss")]
    assert (home / "runs" / "default" / first.info.id / "checkpoints" / "preempted.ckpt").exists()


def test_a_preempted_trial_continues_the_same_run(tmp_path: Path) -> None:
    trial = str(write_trial(tmp_path, {}))
    preempt(tmp_path, STARTS["torchrun"], target="launcher", LIGHTNING_SWEEPS_TRIAL=trial)
    before = [(run.info.id, len(run.series("loss"))) for run in logged_runs(tmp_path)]
    run_program(*STARTS["torchrun"], home=tmp_path, LIGHTNING_SWEEPS_TRIAL=trial, PIDS=str(tmp_path / "pids"))
    after = logged_runs(tmp_path)
    assert [(run.info.id, len(run.series("loss")) - 10) for run in after] == before
    for run in after:
        assert [step for step, _ in run.series("loss")] == list(range(len(run.series("loss"))))
        assert [finish.state for finish in run.finishes] == ["preempted", "finished"], run.finishes
    assert not list((tmp_path / "runs").rglob("preempted.ckpt")), "a finished training has no checkpoint to resume from"

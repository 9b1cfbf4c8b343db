"""LightningCLI: logger and callback by dotted path and from YAML, also when started twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.trainer.journals import logged_run, logged_runs
from tests.trainer.programs import PROGRAMS, run_program, write_trial

pytest.importorskip("jsonargparse")
pytestmark = pytest.mark.launch

QUICK = [
    "--trainer.max_steps=2", "--trainer.limit_val_batches=0", "--trainer.enable_progress_bar=false",
    "--trainer.log_every_n_steps=1", "--trainer.accelerator=cpu", "--trainer.devices=1",
]  # fmt: skip


def test_by_dotted_path_under_a_sweep(tmp_path: Path) -> None:
    trial = write_trial(tmp_path, {"model": {"lr": 0.25}})
    run_program(
        PROGRAMS / "cli.py", "fit", *QUICK, "--model.lr=0.25", "--trainer.logger=lightning_sweeps.SweepLogger",
        "--trainer.logger.mode=grouped", "--trainer.logger.project=cli",
        "--trainer.callbacks+=lightning_sweeps.SweepCallback", "--trainer.callbacks.interval_s=0.5",
        home=tmp_path, LIGHTNING_SWEEPS_TRIAL=str(trial),
    )  # fmt: skip
    run = logged_run(tmp_path)
    assert (run.info.mode, run.info.project, run.info.trial) == ("grouped", "cli", "t-1")
    assert run.end == ("finished", "")
    assert run.config == {"model": {"lr": 0.25}, "lr": 0.25}
    assert (tmp_path / "runs" / "cli" / run.info.id / "config.yaml").exists()


@pytest.mark.slow
def test_from_yaml_twice(tmp_path: Path) -> None:
    """With Lightning's other loggers a second start fails, because their folder already contains a config.yaml."""
    config = tmp_path / "trainer.yaml"
    logger = {"class_path": "lightning_sweeps.SweepLogger", "init_args": {"mode": "grouped", "log_model": "all"}}
    callback = {"class_path": "lightning_sweeps.SweepCallback"}
    config.write_text(yaml.safe_dump({"trainer": {"logger": [logger], "callbacks": [callback]}}))
    for _ in range(2):
        run_program(PROGRAMS / "cli.py", "fit", f"--config={config}", *QUICK, home=tmp_path)
    assert [run.end for run in logged_runs(tmp_path)] == [("finished", "")] * 2

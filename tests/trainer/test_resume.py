"""`fit(ckpt_path=...)` continues the run of the checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from lightning_sweeps import SweepCallback, SweepLogger
from tests.trainer.journals import logged_run, logged_runs
from tests.trainer.models import BATCHES, Model, make_trainer
from tests.trainer.programs import write_trial

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture
def checkpoint(home: Path, tmp_path: Path) -> str:
    """The checkpoint after the first of two epochs. The training continued with the second."""
    first = ModelCheckpoint(filename="{epoch}", save_top_k=-1)
    make_trainer(tmp_path, logger=SweepLogger("digits"), callbacks=[SweepCallback(), first]).fit(Model())
    [path] = (home / "runs").rglob("epoch=0.ckpt")
    return str(path)


def test_a_resumed_fit_is_the_next_attempt_of_the_same_run(home: Path, tmp_path: Path, checkpoint: str) -> None:
    before = logged_run(home)
    logger = SweepLogger("digits")
    trainer = make_trainer(tmp_path, logger=logger, callbacks=[SweepCallback()], max_epochs=3)
    trainer.fit(Model(), ckpt_path=checkpoint)
    run = logged_run(home)
    assert (run.info.id, logger.version, run.info.group) == (before.info.id, before.info.id, before.info.group)
    assert run.journals == 2
    assert (run.attempts[1].attempt, run.attempts[1].resumed_step) == (1, BATCHES)
    new_steps = [step for step, _ in run.series("loss")][len(before.series("loss")) :]
    assert new_steps == list(range(BATCHES, 3 * BATCHES)), "rows from here on replace the abandoned ones"
    assert trainer.log_dir == str(home / "runs" / "digits" / before.info.id)


def test_a_run_can_be_resumed_several_times(home: Path, tmp_path: Path, checkpoint: str) -> None:
    for attempt in (1, 2):
        logger = SweepLogger("digits")
        callbacks = [SweepCallback(), ModelCheckpoint(dirpath=tmp_path, filename=f"again-{attempt}")]
        trainer = make_trainer(tmp_path, logger=logger, callbacks=callbacks, max_epochs=2 + attempt)
        trainer.fit(Model(), ckpt_path=checkpoint)
        checkpoint = str(tmp_path / f"again-{attempt}.ckpt")
    assert [info.attempt for info in logged_run(home).attempts] == [0, 1, 2]


@pytest.mark.parametrize(
    ("project", "resumes"), [("other", True), ("digits", False)], ids=["another project", "not wanted"]
)
def test_a_new_run_is_started(home: Path, tmp_path: Path, checkpoint: str, project: str, resumes: bool) -> None:
    trainer = make_trainer(
        tmp_path, logger=SweepLogger(project), callbacks=[SweepCallback(resume_run=resumes)], max_epochs=3
    )
    trainer.fit(Model(), ckpt_path=checkpoint)
    assert len(logged_runs(home)) == 2


def test_a_trial_keeps_its_own_run(
    home: Path, tmp_path: Path, checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_TRIAL", str(write_trial(home, {})))
    logger = SweepLogger("digits")
    make_trainer(tmp_path, logger=logger, callbacks=[SweepCallback()], max_epochs=3).fit(Model(), ckpt_path=checkpoint)
    assert {run.info.trial for run in logged_runs(home)} == {None, "t-1"}


def test_a_checkpoint_without_a_run_starts_a_new_run(home: Path, tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, logger=False, callbacks=[ModelCheckpoint(dirpath=tmp_path, filename="plain")])
    trainer.fit(Model())
    foreign = str(tmp_path / "plain.ckpt")
    assert "lightning_sweeps" not in torch.load(foreign, weights_only=True)
    trainer = make_trainer(tmp_path, logger=SweepLogger(), callbacks=[SweepCallback()], max_epochs=3)
    trainer.fit(Model(), ckpt_path=foreign)
    assert logged_run(home).info.attempt == 0


def test_nothing_is_written_before_the_run_is_known(home: Path) -> None:
    logger = SweepLogger()
    assert logger.experiment.is_announced is False
    assert logged_runs(home) == []
    logger.log_graph(None)
    assert logged_run(home).info.id == logger.version
    logger.finalize("success")

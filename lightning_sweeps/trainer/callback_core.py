"""What `SweepCallback` does, without a word of Lightning: the classes in `callback.py` bind it to Lightning's base.

A stop is one small file that the service writes, and only rank 0 looks for it; a signal may come to any rank. All ranks
learn of either at the same batch, at a meeting (see `meeting.py`), and leave together.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.identity import is_further_rank_of_parent
from lightning_sweeps.trainer.logger_core import SweepLoggerCore
from lightning_sweeps.trainer.process_group_exit import ProcessGroupAtExit
from lightning_sweeps.trainer.rank_insight import RankInsight
from lightning_sweeps.trainer.rank_sync import Meeting, News
from lightning_sweeps.trainer.resume import read_resume_point, write_mark
from lightning_sweeps.trainer.shared_metrics import SyncedMetrics
from lightning_sweeps.trainer.signals import EXIT_TERMINATED, SignalWatch

log = logging.getLogger("lightning_sweeps")

STOPPED = "stopped.ckpt"

LIGHTNINGS_BROADCAST = "_broadcast_sigterm_tensor"
"""Lightning 2.5.2 and later ask rank 0 before every batch whether it had SIGTERM: one wait for the GPU a step."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """What the Trainer was told to train at least, kept while a stop overrides it."""

    epochs: int | None
    steps: int | None


class SweepCallbackCore:
    """Makes a training obey its sweep, and end in good order when it is preempted.

    When the controller stops the trial, all ranks leave at the same batch. The current batch is finished, validation is
    not run once more, and neither `min_epochs` nor `min_steps` holds the stop up. The run ends as `stopped` with the
    controller's reason, and the program goes on after `fit` as after any early stop, with exit status 0. Outside a
    sweep nothing is stopped.

    SIGTERM to any rank, or to all, ends the training on every rank at the same batch, with a checkpoint in the run's
    folder that `SweepLogger.resume_path` names afterwards; the run ends as `preempted`, the program with exit status
    143. Slurm's requeue signal is obeyed there too, by Lightning's own handler. Lightning alone hangs on either.

    A `ModelCheckpoint` without a `dirpath` writes to the run's folder.

    Args:
        interval_s: about how often the ranks meet to hear of a stop or a signal, in seconds.
        handle_signals: False: signals are left to Lightning.
        save_on_preemption: False: no checkpoint is saved when the training is preempted.
        save_on_stop: True: a checkpoint `stopped.ckpt` is saved in the run's folder when the sweep stops the training.
        resume_run: False: `fit(ckpt_path=...)` begins a new run; True: it goes on with the run of the checkpoint.
        insight: log what each rank does with its time and data (docs/lightning.md lists the keys); None: where the
            logger's mode is `grouped` or `shared`.
        check_parameters_every: how many batches lie between two comparisons of all ranks' parameters under DDP, where
            `insight` is on; 0: none.

    Raises:
        UsageError: a number is out of its range.
    """

    _sigterm_exception: ClassVar[type[SystemExit]]

    def __init__(
        self,
        *,
        interval_s: float = 1.0,
        handle_signals: bool = True,
        save_on_preemption: bool = True,
        save_on_stop: bool = False,
        resume_run: bool = True,
        insight: bool | None = None,
        check_parameters_every: int = 1000,
    ) -> None:
        super().__init__()
        if not interval_s > 0:
            raise UsageError(f"`interval_s` is `{interval_s}`, allowed: seconds > 0")
        if check_parameters_every < 0:
            raise UsageError(f"`check_parameters_every` is `{check_parameters_every}`, allowed: 0 or more batches")
        self._interval_s = interval_s
        self._saves = save_on_preemption
        self._saves_stop = save_on_stop
        self._resumes_run = resume_run
        self._wants_insight = insight
        self._check_every = check_parameters_every
        self._insight: RankInsight | None = None
        self._signals = SignalWatch() if handle_signals else None
        self._logger: SweepLoggerCore | None = None
        self._meeting: Meeting | None = None
        self._placed: list[Any] = []
        self._has_validated = False
        self._minimum: Minimum | None = None
        self._stop_reason: str | None = None
        self._is_leaving = False

    @property
    def stop_reason(self) -> str | None:
        """Why the sweep has stopped this training, or None; the same on every rank."""
        return self._stop_reason

    # hooks

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002 - Lightning's signature
        loggers = [logger for logger in trainer.loggers if isinstance(logger, SweepLoggerCore)]
        self._logger = loggers[0] if loggers else None
        self._is_leaving = False
        if self._logger is not None and self._logger.mode != "single" and trainer.world_size > 1:
            self._logger.share_synced(SyncedMetrics(trainer))
        if self._signals is not None:
            self._signals.remember()
        self._placed = []
        if stage == "fit" and loggers and trainer.loggers[0] is loggers[0]:  # the first logger decides on folders
            self._placed = [item for item in trainer.checkpoint_callbacks if getattr(item, "dirpath", "") is None]
            self._place_checkpoints()

    def on_sanity_check_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        self._watch_signals()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        self._watch_signals()
        self._meeting = Meeting(self._interval_s)
        self._insight = RankInsight(check_every=self._checks(trainer)) if self._has_insight() else None
        self._has_validated = False
        self._stop_reason = None
        if self._logger is not None:
            self._logger.note_end(None, "")
        if self._signals is not None and hasattr(trainer.fit_loop.epoch_loop, LIGHTNINGS_BROADCAST):
            setattr(trainer.fit_loop.epoch_loop, LIGHTNINGS_BROADCAST, _do_nothing)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        if self._insight is not None:
            self._insight.batch_start()

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:  # noqa: ARG002
        if self._insight is not None:
            self._insight.before_backward()

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:  # noqa: ARG002
        if self._insight is not None and _is_logging_step(trainer):
            self._insight.before_optimizer_step(pl_module)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self._insight is not None:
            self._look_around(trainer, pl_module, outputs, batch, batch_idx)
        if self._meeting is not None and (self._meeting.is_due() or self._must_leave_alone(trainer)):
            self._meet_after_batch(trainer, self._meeting)
        if self._insight is not None:
            self._insight.continue_from_now()

    def on_validation_batch_end(self, trainer: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        if self._meeting is not None and self._must_leave_alone(trainer):
            self._meet(trainer, self._meeting)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        if self._meeting is not None and not trainer.sanity_checking:
            self._has_validated = True
            self._meet(trainer, self._meeting)
        if self._insight is not None:
            self._insight.continue_from_now()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        self._restore(trainer)
        if self._logger is not None and trainer.is_global_zero and self._stop_reason is None:
            self._logger.preempted_path.unlink(missing_ok=True)  # nothing is left to go on with

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:  # noqa: ARG002
        if self._logger is not None:
            write_mark(checkpoint, self._logger.mark)

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:  # noqa: ARG002
        """Go on with the checkpoint's run. Lightning loads it after `setup`: nothing was written of another run yet."""
        point = read_resume_point(checkpoint)
        if trainer.state.fn == "fit" and self._resumes_run and self._logger is not None and point is not None:
            self._logger.resume(point)
            self._place_checkpoints()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002
        self._restore(trainer)
        ProcessGroupAtExit.is_safe = self._is_leaving

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002
        if self._signals is not None:
            self._signals.forget()
        if self._logger is not None:
            self._logger.share_synced(None)
        if trainer.world_size > 1:
            ProcessGroupAtExit.register()

    def _place_checkpoints(self) -> None:
        if self._logger is not None:
            for callback in self._placed:
                callback.dirpath = str(self._logger.checkpoints)

    # meetings

    def _watch_signals(self) -> None:
        if self._signals is not None:
            self._signals.replace()

    def _must_leave_alone(self, trainer: Any) -> bool:
        """Whether a signal has come, and there is no other rank to agree with."""
        signals = self._signals
        return signals is not None and trainer.world_size == 1 and (signals.has_sigterm or signals.requeue is not None)

    def _meet_after_batch(self, trainer: Any, meeting: Meeting) -> None:
        try:
            is_stop = self._meet(trainer, meeting)
        except self._sigterm_exception:
            trainer._logger_connector.on_batch_end()
            trainer._logger_connector.update_train_step_metrics()  # Lightning logs the batch only after this hook
            raise
        if is_stop:
            self._skip_validation(trainer)

    def _meet(self, trainer: Any, meeting: Meeting) -> bool:
        """Hear what any rank knows; every rank is here at the same batch. Return whether the sweep stops the training.

        Raises:
            SystemExit: the training is preempted; it is Lightning's SIGTERMException.
        """
        if self._stop_reason is not None:
            return False
        reason = self._look() if trainer.is_global_zero else None
        signals = self._signals
        own = News(
            sigterm=signals is not None and signals.has_sigterm,
            requeue=signals is not None and signals.requeue is not None,
            stop=reason is not None,
        )
        insight = self._insight
        news = meeting.exchange(trainer, own, insight.take_work_us() if insight is not None else 0)
        if insight is not None and self._logger is not None and trainer.is_global_zero and not trainer.validating:
            compared = insight.compare_work(meeting.works_us)
            if compared:
                self._logger.log_metrics(compared, trainer.fit_loop.epoch_loop._batches_that_stepped)
        if news.stop:
            reason = trainer.strategy.broadcast(reason)
            self._stop(trainer, reason or "")
        if news.sigterm or news.requeue:
            self._leave(trainer, news)
        return bool(news.stop)

    def _look(self) -> str | None:
        is_swept = self._logger is not None and self._logger.trial is not None
        return self._logger.stop_requested() if self._logger is not None and is_swept else None

    # insight

    def _has_insight(self) -> bool:
        if self._wants_insight is not None:
            return self._wants_insight and self._logger is not None
        return self._logger is not None and self._logger.mode != "single"

    def _checks(self, trainer: Any) -> int:
        """Parameters are alike on all ranks under DDP only: other strategies give each rank its own part."""
        is_ddp = type(trainer.strategy).__name__ == "DDPStrategy" and trainer.world_size > 1
        return self._check_every if is_ddp else 0

    def _look_around(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        insight, logger = self._insight, self._logger
        assert insight is not None and logger is not None  # noqa: S101
        insight.batch_end(batch)
        if trainer.world_size > 1 and batch_idx == 0 and trainer.current_epoch == 0:
            self._say("data_shards", insight.check_data(trainer, batch), trainer)
        number = trainer.fit_loop.epoch_loop.total_batch_idx + 1
        self._say("parameters", insight.check_parameters(trainer, pl_module, number), trainer)
        if _is_logging_step(trainer):
            loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
            found = insight.take_row(loss if isinstance(loss, torch.Tensor) and loss.numel() == 1 else None)
            logger.log_metrics(found, trainer.fit_loop.epoch_loop._batches_that_stepped)

    def _say(self, key: str, fault: str, trainer: Any) -> None:
        """Tell what is wrong with the ranks: in the summary of each rank's run, and once on the terminal."""
        if fault and self._logger is not None:
            self._logger.experiment.summary.update({key: fault})
            if trainer.is_global_zero:
                log.warning("%s: %s", key, fault)

    # stopped by the sweep

    def _stop(self, trainer: Any, reason: str) -> None:
        self._stop_reason = reason
        if self._logger is not None:
            self._logger.note_end("stopped", reason)
            if self._saves_stop:
                self._save(trainer, self._logger.checkpoints / STOPPED)
        if trainer.is_global_zero:
            log.info("the sweep stops this training at step %d: %s", trainer.global_step, reason)
        loop = trainer.fit_loop
        self._minimum = Minimum(loop.min_epochs, loop.epoch_loop.min_steps)
        loop.min_epochs, loop.epoch_loop.min_steps = 0, None
        trainer.should_stop = True

    def _skip_validation(self, trainer: Any) -> None:
        """Keep Lightning from running validation once more before it leaves, where that is not due anyway.

        Before the first validation it is left to run: callbacks and schedulers that monitor its metrics need them.
        """
        if self._has_validated and not trainer.is_last_batch and hasattr(trainer.fit_loop.epoch_loop, "_skip_next_val"):
            trainer.fit_loop.epoch_loop._skip_next_val = True

    # preempted

    def _leave(self, trainer: Any, news: News) -> None:
        """End the training on every rank, by the exception that Lightning has for it.

        Ranks that Lightning's own launcher started leave with status 0: nobody asks for it, but Lightning kills rank 0,
        perhaps in the middle of its end, as soon as one of them leaves with another.
        """
        signals = self._signals
        assert signals is not None  # noqa: S101 - without it no rank has brought a signal
        step = trainer.global_step
        if news.requeue:
            reason = f"signal {signals.call_requeue()} at step {step}: Slurm requeues the job"
        else:
            reason = f"SIGTERM at step {step}{self._save_preempted(trainer)}"
        if self._logger is not None and self._stop_reason is None:
            self._logger.note_end("preempted", reason)
        if trainer.is_global_zero:
            log.warning("the training is preempted: %s", reason)
        self._is_leaving = True
        raise self._sigterm_exception(0 if is_further_rank_of_parent(environment()) else EXIT_TERMINATED)

    def _save_preempted(self, trainer: Any) -> str:
        if not self._saves or self._logger is None or self._stop_reason is not None:
            return ""
        return f", saved to `{self._save(trainer, self._logger.preempted_path)}`"

    def _save(self, trainer: Any, path: Path) -> str:
        """Save a checkpoint where rank 0 says; every rank is here."""
        agreed: str = trainer.strategy.broadcast(str(path))
        trainer.save_checkpoint(agreed)
        return agreed

    def _restore(self, trainer: Any) -> None:
        self._meeting = None
        vars(trainer.fit_loop.epoch_loop).pop(LIGHTNINGS_BROADCAST, None)
        if self._minimum is not None:
            trainer.fit_loop.min_epochs = self._minimum.epochs
            trainer.fit_loop.epoch_loop.min_steps = self._minimum.steps
            self._minimum = None


def _is_logging_step(trainer: Any) -> bool:
    return bool(trainer._logger_connector.should_update_logs)


def _do_nothing() -> None:
    """In the place of Lightning's broadcast: the meetings do its work."""

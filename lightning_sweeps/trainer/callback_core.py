"""Defines what `SweepCallback` does, without importing Lightning. `callback.py` binds it to Lightning's base class.

The service writes one small file to request a stop, and only rank 0 looks for it. A signal may arrive at any rank. All
ranks learn of both at the same batch (see `rank_sync.py`) and leave training together.
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
from lightning_sweeps.sdk.identity import is_started_by_lightning
from lightning_sweeps.trainer.logger_core import SweepLoggerCore
from lightning_sweeps.trainer.process_group_exit import ProcessGroupAtExit
from lightning_sweeps.trainer.rank_insight import RankInsight
from lightning_sweeps.trainer.rank_sync import RankEvents, RankSync
from lightning_sweeps.trainer.resume import read_resume_point, write_run_reference
from lightning_sweeps.trainer.shared_metrics import SyncedMetrics
from lightning_sweeps.trainer.signals import EXIT_TERMINATED, SignalWatch

log = logging.getLogger("lightning_sweeps")

STOPPED = "stopped.ckpt"

LIGHTNING_BROADCAST = "_broadcast_sigterm_tensor"
"""From 2.5.2 on, Lightning asks rank 0 before every batch whether SIGTERM has arrived, which waits for the GPU."""


TUNER_FILES = (".lr_find_", ".scale_batch_size_")
"""Names of the checkpoints with which Lightning's Tuner returns to where it began. Nothing is resumed."""


@dataclass(frozen=True, slots=True)
class TrainerMinimums:
    """The minimum training that the Trainer is configured for, saved while a stop overrides it.

    Attributes:
        epochs: `min_epochs`.
        steps: `min_steps`.
    """

    epochs: int | None
    steps: int | None


class SweepCallbackCore:
    """A Lightning callback that stops training when the sweep requests it, and ends it properly on preemption.

    Stop: all ranks leave at the same batch. The current batch is finished; validation does not run again; `min_epochs`
    and `min_steps` are ignored. The run ends as `stopped` with the reason from the sweep, and the program continues
    after `fit` as after any early stop, with exit status 0. Outside a sweep nothing is stopped.

    Preemption: SIGTERM to any rank, or to all, ends training on every rank at the same batch, with a checkpoint in the
    folder of the run. `SweepLogger.resume_path` names it afterwards. The run ends as `preempted`, and the program exits
    with status 143. Lightning's own handler handles Slurm's requeue signal at the same point. Without this callback,
    Lightning hangs if either signal arrives at only one of several ranks.

    Args:
        interval_s: about how often the ranks synchronize to learn of a stop or a signal, in seconds.
        handle_signals: handle SIGTERM and the requeue signal. False: leave signals to Lightning.
        save_on_preemption: save a checkpoint when the training is preempted.
        save_on_stop: save the checkpoint `stopped.ckpt` in the folder of the run when the sweep stops the training.
        resume_run: `fit(ckpt_path=...)` continues the run of the checkpoint. False: it starts a new run.
        insight: log how each rank uses its time and data (`lightning-sweeps docs lightning` lists the keys).
            None: only if the mode of the logger is `grouped` or `shared`.
        check_parameters_every: number of batches between two comparisons of the parameters of all ranks, under DDP and
            if `insight` is on. 0: never compare.

    Raises:
        UsageError: `interval_s` or `check_parameters_every` is not allowed.

    Example:
        >>> trainer = Trainer(logger=SweepLogger("digits"), callbacks=[SweepCallback()])
        >>> trainer.fit(model, ckpt_path=trainer.logger.resume_path)
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
        self._saves_on_preemption = save_on_preemption
        self._saves_on_stop = save_on_stop
        self._resumes_run = resume_run
        self._wants_insight = insight
        self._check_every = check_parameters_every
        self._insight: RankInsight | None = None
        self._signals = SignalWatch() if handle_signals else None
        self._logger: SweepLoggerCore | None = None
        self._sync: RankSync | None = None
        self._has_validated = False
        self._minimums: TrainerMinimums | None = None
        self._stop_reason: str | None = None
        self._is_leaving = False

    @property
    def stop_reason(self) -> str | None:
        """The reason why the sweep has stopped this training, or None. The same on every rank."""
        return self._stop_reason

    # hooks

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002 - Lightning's signature
        """Find the logger, and save the signal handlers."""
        loggers = [logger for logger in trainer.loggers if isinstance(logger, SweepLoggerCore)]
        self._logger = loggers[0] if loggers else None
        self._is_leaving = False
        for logger in loggers:
            logger.bind_trainer(trainer)
        if self._logger is not None and self._logger.mode != "single" and trainer.world_size > 1:
            self._logger.set_synced_metrics(SyncedMetrics(trainer))
        if self._signals is not None:
            self._signals.save_user_handlers()

    def on_sanity_check_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Replace Lightning's signal handlers."""
        self._replace_handlers()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Start the synchronization of the ranks and the measurements."""
        self._replace_handlers()
        self._sync = RankSync(self._interval_s)
        self._insight = RankInsight(check_every=self._find_check_every(trainer)) if self._has_insight() else None
        self._has_validated = False
        self._stop_reason = None
        if self._logger is not None:
            self._logger.expect_end(None, "")
            self._find_stop()  # the agent now knows that this program stops by itself
        if self._signals is not None and hasattr(trainer.fit_loop.epoch_loop, LIGHTNING_BROADCAST):
            setattr(trainer.fit_loop.epoch_loop, LIGHTNING_BROADCAST, _do_nothing)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Record that a batch starts."""
        if self._insight is not None:
            self._insight.start_batch()

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:  # noqa: ARG002
        """Record the end of this rank's own work."""
        if self._insight is not None:
            self._insight.before_backward()

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:  # noqa: ARG002
        """Compute the gradient norm at logging steps."""
        if self._insight is not None and _is_logging_step(trainer):
            self._insight.before_optimizer_step(pl_module)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Log the measurements, and synchronize the ranks if that is due."""
        if self._insight is not None:
            self._log_insight(trainer, pl_module, outputs, batch, batch_idx)
        if self._sync is not None and (self._sync.is_due() or self._has_signal_alone(trainer)):
            self._sync_after_batch(trainer, self._sync)
        if self._insight is not None:
            self._insight.restart_wait_clock()

    def on_validation_batch_end(self, trainer: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Handle a signal at once if there is no other rank."""
        if self._sync is not None and self._has_signal_alone(trainer):
            self._sync_ranks(trainer, self._sync)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Synchronize the ranks."""
        if self._sync is not None and not trainer.sanity_checking:
            self._has_validated = True
            self._sync_ranks(trainer, self._sync)
        if self._insight is not None:
            self._insight.restart_wait_clock()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Restore the Trainer, and delete the checkpoint of an earlier preemption."""
        self._restore(trainer)
        if self._logger is not None and trainer.is_global_zero and self._stop_reason is None:
            self._logger.preempted_path.unlink(missing_ok=True)  # the training is complete

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:  # noqa: ARG002
        """Add the reference to the run to the checkpoint."""
        if self._logger is not None:
            write_run_reference(checkpoint, self._logger.reference)

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:  # noqa: ARG002
        """Continue the run of the checkpoint. Lightning loads it after `setup`, before anything is logged."""
        if Path(str(trainer.ckpt_path)).name.startswith(TUNER_FILES):
            return
        point = read_resume_point(checkpoint)
        if trainer.state.fn == "fit" and self._resumes_run and self._logger is not None and point is not None:
            self._logger.resume(point)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002
        """Restore the Trainer."""
        self._restore(trainer)
        ProcessGroupAtExit.is_safe = self._is_leaving

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002
        """Release the signal handlers and the logger."""
        if self._signals is not None:
            self._signals.release_handlers()
        if self._logger is not None:
            self._logger.set_synced_metrics(None)
        if trainer.world_size > 1:
            ProcessGroupAtExit.register()

    # synchronization of the ranks

    def _replace_handlers(self) -> None:
        if self._signals is not None:
            self._signals.replace_handlers()

    def _has_signal_alone(self, trainer: Any) -> bool:
        """Return whether a signal has arrived and there is no other rank to agree with."""
        signals = self._signals
        return signals is not None and trainer.world_size == 1 and (signals.has_sigterm or signals.requeue is not None)

    def _sync_after_batch(self, trainer: Any, sync: RankSync) -> None:
        try:
            is_stop = self._sync_ranks(trainer, sync)
        except self._sigterm_exception:
            trainer._logger_connector.on_batch_end()
            trainer._logger_connector.update_train_step_metrics()  # Lightning would log the batch after this hook
            raise
        if is_stop:
            self._skip_validation(trainer)

    def _sync_ranks(self, trainer: Any, sync: RankSync) -> bool:
        """Exchange events with the other ranks at the same batch. Return whether the sweep stops the training.

        Raises:
            SystemExit: the training is preempted. This is Lightning's SIGTERMException.
        """
        if self._stop_reason is not None:
            return False
        reason = self._find_stop() if trainer.is_global_zero else None
        signals = self._signals
        own = RankEvents(
            sigterm=signals is not None and signals.has_sigterm,
            requeue=signals is not None and signals.requeue is not None,
            stop=reason is not None,
        )
        insight = self._insight
        events = sync.exchange(trainer, own, insight.take_work_us() if insight is not None else 0)
        if insight is not None and self._logger is not None and trainer.is_global_zero and not trainer.validating:
            row = insight.compare_work(sync.works_us)
            if row:
                self._logger.log_metrics(row, trainer.fit_loop.epoch_loop._batches_that_stepped)
        if events.stop:
            reason = trainer.strategy.broadcast(reason)
            self._stop(trainer, reason or "")
        if events.sigterm or events.requeue:
            self._leave(trainer, events)
        return bool(events.stop)

    def _find_stop(self) -> str | None:
        has_trial = self._logger is not None and self._logger.trial is not None
        return self._logger.stop_requested() if self._logger is not None and has_trial else None

    # insight

    def _has_insight(self) -> bool:
        if self._wants_insight is not None:
            return self._wants_insight and self._logger is not None
        return self._logger is not None and self._logger.mode != "single"

    def _find_check_every(self, trainer: Any) -> int:
        """Return how often to compare parameters. Only under DDP does every rank have all of them."""
        is_ddp = type(trainer.strategy).__name__ == "DDPStrategy" and trainer.world_size > 1
        return self._check_every if is_ddp else 0

    def _log_insight(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        insight, logger = self._insight, self._logger
        assert insight is not None and logger is not None  # noqa: S101
        insight.end_batch(batch)
        if trainer.world_size > 1 and batch_idx == 0 and trainer.current_epoch == 0:
            self._report_fault("data_shards", insight.check_data(trainer, batch), trainer)
        number = trainer.fit_loop.epoch_loop.total_batch_idx + 1
        self._report_fault("parameters", insight.check_parameters(trainer, pl_module, number), trainer)
        if _is_logging_step(trainer):
            loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
            row = insight.take_row(loss if isinstance(loss, torch.Tensor) and loss.numel() == 1 else None)
            logger.log_metrics(row, trainer.fit_loop.epoch_loop._batches_that_stepped)

    def _report_fault(self, key: str, fault: str, trainer: Any) -> None:
        """Report a difference between ranks in the summary of each rank's run, and once on the terminal."""
        if fault and self._logger is not None:
            self._logger.experiment.summary.update({key: fault})
            if trainer.is_global_zero:
                log.warning("%s: %s", key, fault)

    # stopped by the sweep

    def _stop(self, trainer: Any, reason: str) -> None:
        self._stop_reason = reason
        if self._logger is not None:
            self._logger.expect_end("stopped", reason)
            if self._saves_on_stop:
                self._save(trainer, self._logger.checkpoints / STOPPED)
        if trainer.is_global_zero:
            log.info("the sweep stops this training at step %d: %s", trainer.global_step, reason)
        loop = trainer.fit_loop
        self._minimums = TrainerMinimums(loop.min_epochs, loop.epoch_loop.min_steps)
        loop.min_epochs, loop.epoch_loop.min_steps = 0, None
        trainer.should_stop = True

    def _skip_validation(self, trainer: Any) -> None:
        """Keep Lightning from validating before it leaves, unless a validation is due anyway.

        The first validation is not skipped: callbacks and schedulers may need the metrics that they monitor.
        """
        if self._has_validated and not trainer.is_last_batch and hasattr(trainer.fit_loop.epoch_loop, "_skip_next_val"):
            trainer.fit_loop.epoch_loop._skip_next_val = True

    # preempted

    def _leave(self, trainer: Any, events: RankEvents) -> None:
        """End the training on every rank with Lightning's exception for SIGTERM.

        Ranks that Lightning's own launcher has started exit with status 0. Otherwise Lightning would kill rank 0 as
        soon as one of them exits, possibly before rank 0 has finished.
        """
        signals = self._signals
        assert signals is not None  # noqa: S101 - without it no rank has an event
        step = trainer.global_step
        if events.requeue:
            reason = f"signal {signals.call_requeue_handler()} at step {step}: Slurm requeues the job"
        else:
            reason = f"SIGTERM at step {step}{self._save_preempted(trainer)}"
        if self._logger is not None and self._stop_reason is None:
            self._logger.expect_end("preempted", reason)
        if trainer.is_global_zero:
            log.warning("the training is preempted: %s", reason)
        self._is_leaving = True
        raise self._sigterm_exception(0 if is_started_by_lightning(environment()) else EXIT_TERMINATED)

    def _save_preempted(self, trainer: Any) -> str:
        if not self._saves_on_preemption or self._logger is None or self._stop_reason is not None:
            return ""
        return f", saved to `{self._save(trainer, self._logger.preempted_path)}`"

    def _save(self, trainer: Any, path: Path) -> str:
        """Save a checkpoint at rank 0's path. All ranks call this."""
        agreed: str = trainer.strategy.broadcast(str(path))
        trainer.save_checkpoint(agreed)
        return agreed

    def _restore(self, trainer: Any) -> None:
        self._sync = None
        vars(trainer.fit_loop.epoch_loop).pop(LIGHTNING_BROADCAST, None)
        if self._minimums is not None:
            trainer.fit_loop.min_epochs = self._minimums.epochs
            trainer.fit_loop.epoch_loop.min_steps = self._minimums.steps
            self._minimums = None


def _is_logging_step(trainer: Any) -> bool:
    return bool(trainer._logger_connector.should_update_logs)


def _do_nothing() -> None:
    """Replace Lightning's broadcast: the synchronizations already do its work."""

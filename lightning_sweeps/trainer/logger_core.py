"""What `SweepLogger` does, without a word of Lightning: the classes in `logger.py` bind it to Lightning's base.

The Trainer calls every method here on every rank, `finalize` several times and even inside signal handlers: nothing
below waits for another rank, calls a collective, or raises once training has begun. Who logs is decided by the rank
that `own_run.py` finds at the first use of `experiment`, when Lightning has made the process group.
"""

from __future__ import annotations

import copy
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.records import LoggerMode, RunState
from lightning_sweeps.sdk.environment import describe_surroundings
from lightning_sweeps.sdk.media.encoding import encode_plain
from lightning_sweeps.sdk.names import checked_name
from lightning_sweeps.sdk.run import Run
from lightning_sweeps.sdk.session import MODES
from lightning_sweeps.sdk.trial import Trial, current_trial
from lightning_sweeps.trainer.artifacts import ArtifactLogging
from lightning_sweeps.trainer.checkpoints import LoggedCheckpoints, LogModel
from lightning_sweeps.trainer.endings import Ending, ending_of
from lightning_sweeps.trainer.hparams import merge_hparams, plain_hparams
from lightning_sweeps.trainer.media import MediaLogging
from lightning_sweeps.trainer.metric_values import expand, is_plain
from lightning_sweeps.trainer.model_watch import ModelWatch, Watched
from lightning_sweeps.trainer.resume import ResumePoint, RunMark
from lightning_sweeps.trainer.run_resolver import OwnRun, RunWords
from lightning_sweeps.trainer.shared_metrics import SyncedMetrics
from lightning_sweeps.trainer.silent_experiment import SilentExperiment

log = logging.getLogger("lightning_sweeps")

JOIN = "-"
"""Between prefix and name, as in all of Lightning's loggers."""

CHECKPOINTS = "checkpoints"
"""The folder's name in all of Lightning's loggers."""

PREEMPTED = "preempted.ckpt"

SURROUNDINGS = "surroundings"
"""The key of the file that says what a run was made with: versions, command line, commit."""

SYNCED = "synced"
"""Where the summary of rank 0's run names the metrics that all ranks share."""


class SweepLoggerCore(MediaLogging, ArtifactLogging):
    """Logs a Lightning training to a run, on rank 0 or on every rank.

    A pickled or copied logger goes on with the same run.

    Args:
        project: the project; default: the trial's, else LIGHTNING_SWEEPS_PROJECT.
        name: the run's name for people.
        group: the name that joins the runs of one job; default: one per job and logger, the same on all ranks.
        mode: `single`: rank 0 alone has a run; `grouped`: every rank has its own run, all in one group; `shared`: all
            ranks write into one run.
        save_dir: the folder under which runs get theirs, `runs/<project>/<run id>`; default: the home folder.
        config: configuration kept with the run. Under a sweep the trial's parameters are added and win.
        tags: labels to filter by.
        notes: free text.
        job_type: the role of this run, for example `train` or `eval`.
        prefix: put before the name of every metric, with a `-` between.
        log_model: True: the best and the last checkpoint become versions of the artifact `model-<run id>` when `fit`
            has ended; "all": every checkpoint at once when it is saved; False: none.

    Raises:
        UsageError: the mode is unknown, the project's name cannot be a folder's, or a setting in the environment cannot
            be used.
    """

    _silent_experiment: ClassVar[type[SilentExperiment]]

    def __init__(
        self,
        project: str | None = None,
        *,
        name: str | None = None,
        group: str | None = None,
        mode: LoggerMode = "single",
        save_dir: str | os.PathLike[str] | None = None,
        config: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
        notes: str = "",
        job_type: str = "",
        prefix: str = "",
        log_model: LogModel = False,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise UsageError(f"`mode` is `{mode}`, allowed: {', '.join(MODES)}")
        self._checkpoints = LoggedCheckpoints(log_model)
        self._watch: ModelWatch | None = None
        settings = read_settings()
        self._trial = current_trial()
        default = self._trial.project if self._trial else settings.project
        self._project = checked_name(project or default, what="project")
        self._mode = mode
        self._home = Home(Path(save_dir).absolute() if save_dir is not None else settings.home)
        self._prefix = prefix
        words = RunWords(self._project, mode, name, group, plain_hparams(config or {}), list(tags), notes, job_type)
        self._own = OwnRun(words)
        self._end: Ending | None = None
        self._synced: SyncedMetrics | None = None
        self._has_warned = False
        self._has_described = False

    # identity: the same on every rank, and the same before and after `experiment`

    @property
    def name(self) -> str:
        """The project."""
        return self._project

    @property
    def version(self) -> str:
        """The id of rank 0's run: the same on every rank, also where ranks have runs of their own."""
        return self._own.leaders_id

    @property
    def save_dir(self) -> str:
        """The folder of rank 0's run: unique per run, the same on every rank; not made here."""
        return str(self._home.run_folder(self._project, self.version))

    @property
    def log_dir(self) -> str:
        return self.save_dir

    @property
    def root_dir(self) -> str:
        """The folder of all runs of the project."""
        return str(Path(self.save_dir).parent)

    @property
    def mode(self) -> LoggerMode:
        return self._mode

    @property
    def trial(self) -> Trial | None:
        """The sweep's trial, or None outside a sweep: known on every rank from the start, before any collective."""
        return self._trial

    @property
    def resume_path(self) -> str | None:
        """The checkpoint with which a preempted run goes on, or None: what `trainer.fit(ckpt_path=...)` takes.

        A trial that was preempted, or a job that its launcher restarted, has the same run again, and finds it here.
        """
        path = self.preempted_path
        return str(path) if path.exists() else None

    # logging

    @property
    def experiment(self) -> Any:
        """This rank's `Run`; in mode `single` on other ranks than 0 an object whose every attribute does nothing."""
        run = self._current_run()
        return self._silent_experiment() if self._mode == "single" and run.rank > 0 else run

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log one row; steps may repeat and go back.

        Args:
            metrics: names to numbers, text, tensors, nested maps of them, or torchmetrics objects, which are computed
                (on every rank that calls this, as torchmetrics wants it). A vector is logged as one number a class, a
                matrix as a confusion matrix.
            step: the row's step; None: one more than the row before.
        """
        run = self._current_run()
        if self._synced is not None:
            metrics = self._own_part(metrics, self._synced)
            if not metrics:
                return
        if not is_plain(metrics):
            expanded = expand(metrics)
            metrics = expanded.row
            for name, matrix in expanded.matrices.items():
                self.log_confusion_matrix(self._prefix + JOIN + name if self._prefix else name, matrix, step)
        if self._prefix:
            metrics = {f"{self._prefix}{JOIN}{name}": value for name, value in metrics.items()}
        if step is not None and type(step) is not int:
            step = self._whole_step(step)
        run.log(metrics, step)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - Lightning's signature
        """Add `params` (a map, Namespace or dataclass, nested as it likes) to the run's configuration.

        A parameter that the sweep has set keeps the sweep's value; a program that reports another one is warned once.
        """
        run = self._current_run()
        if not run.is_recording:
            return
        swept = plain_hparams(self._trial.params) if self._trial is not None else {}
        news, ignored = merge_hparams(plain_hparams(params), swept=swept, known=run.config)
        if ignored:
            self._warn_once(f"the program says {ignored} but the sweep's trial says otherwise; the trial's are kept")
        run.config.update(news)

    def log_graph(self, model: Any, input_array: Any = None) -> None:  # noqa: ARG002 - Lightning's signature
        """Make the run known to the service: the Trainer calls this on every rank at its start. No graph is logged."""
        run = self._current_run()
        run.announce()
        if run.is_recording and run.rank == 0 and not self._has_described:
            self._has_described = True
            surroundings = encode_plain(describe_surroundings(Path.cwd()))
            run.log_media(SURROUNDINGS, surroundings.content, mime=surroundings.mime, step=0)

    def save(self) -> None:
        """Do nothing: every row is with the operating system as soon as it is logged."""

    def finalize(self, status: str) -> None:
        """End the run for now; logging again opens it again.

        Args:
            status: Lightning's word. A run that the sweep stopped stays `stopped`, one that was preempted `preempted`,
                however training ended, unless by an error; `failed` is told with the exception that is being handled.
        """
        run = self._own.opened
        if run is None:
            return
        if status == "success":
            self._checkpoints.keep_pending(run)
        state, reason = ending_of(status, self._end, sys.exc_info()[1])
        run.finish(state, reason=reason)

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Note in the summary which checkpoint is best and which is last; with `log_model="all"`, keep the new ones."""
        self._checkpoints.note(self._current_run(), checkpoint_callback)

    def watch(self, model: torch.nn.Module, log: Watched = "gradients", log_freq: int = 100) -> None:
        """Log histograms of gradients or parameters, made on the device, at every `log_freq`th training step.

        Under DDP the gradients are this rank's own, before ranks are averaged.

        Raises:
            UsageError: `log` or `log_freq` cannot be used.
        """
        self.unwatch()
        self._watch = ModelWatch(model, self._current_run, what=log, every=log_freq)

    def unwatch(self) -> None:
        """Take `watch` back."""
        if self._watch is not None:
            self._watch.remove()
            self._watch = None

    # for SweepCallback

    def stop_requested(self) -> str | None:
        """Return why the sweep's controller wants this run to end, or None."""
        run = self._current_run()
        return run.stop_requested()

    def share_synced(self, synced: SyncedMetrics | None) -> None:
        """From now on store what is the same on all ranks once, in rank 0's run, whose summary names it as `synced`."""
        self._synced = synced

    def note_end(self, state: RunState | None, reason: str) -> None:
        """Remember that all ranks have agreed to leave, and that the run so ends in `state`; None: they have not."""
        self._end = None if state is None else (state, reason)
        self._current_run().note_end(state, reason)

    @property
    def checkpoints(self) -> Path:
        """The folder of the run's checkpoints; not made here."""
        return Path(self.save_dir, CHECKPOINTS)

    @property
    def preempted_path(self) -> Path:
        """Where a training that is preempted saves its checkpoint."""
        return self.checkpoints / PREEMPTED

    # resuming

    @property
    def mark(self) -> RunMark:
        """What a checkpoint keeps, so that a later attempt finds this run."""
        return self._own.mark

    def resume(self, point: ResumePoint) -> None:
        """Go on with the run of a checkpoint. A trial's run stays the trial's; only the step is noted then.

        Called before anything was logged; where something was, it stays behind in a run of its own.
        """
        self._own.resume(point, is_trial=self._trial is not None)

    # in other processes

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_own": copy.copy(self._own), "_watch": None, "_synced": None}

    # inside

    def _current_run(self) -> Run:
        return self._own.current()

    def _own_part(self, metrics: Mapping[str, Any], synced: SyncedMetrics) -> Mapping[str, Any]:
        """Return what this rank stores of a row: all of it on rank 0, and what the ranks do not share on others."""
        run = self._current_run()
        is_news = synced.learn(metrics)
        if run.rank > 0:
            own = synced.without(metrics)
            return own if own.keys() - {"epoch"} else {}
        if is_news:
            run.summary[SYNCED] = sorted(synced.names)
        return metrics

    def _whole_step(self, step: Any) -> int | None:
        try:
            return int(step)
        except (TypeError, ValueError, OverflowError):
            self._warn_once(f"`step` is {step!r}, allowed: whole numbers; the row is logged at the next step")
            return None

    def _warn_once(self, message: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.warning("%s (said once)", message)

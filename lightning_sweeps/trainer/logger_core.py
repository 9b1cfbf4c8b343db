"""Defines what `SweepLogger` does, without importing Lightning. `logger.py` binds it to Lightning's base class.

The Trainer calls every method on every rank, and `finalize` several times, even inside signal handlers. So nothing here
waits for another rank, calls a collective, or raises once training has begun. Which rank logs is decided at the first
use of `experiment`, when Lightning has initialized the process group (see `run_resolver.py`).
"""

from __future__ import annotations

import copy
import dataclasses
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from lightning_sweeps.core.names import checked_name
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.journal.records import LoggerMode, RunState
from lightning_sweeps.sdk.arguments import choice_argument, text_argument
from lightning_sweeps.sdk.environment import describe_environment
from lightning_sweeps.sdk.media.media_methods import MediaMethods
from lightning_sweeps.sdk.resumed_run import RESUME_CHOICES
from lightning_sweeps.sdk.run import Run
from lightning_sweeps.sdk.run_options import accept_others, make_options
from lightning_sweeps.sdk.trial import Trial, current_trial
from lightning_sweeps.sdk.usable_home import usable_home
from lightning_sweeps.trainer.artifact_methods import ArtifactMethods
from lightning_sweeps.trainer.bound_trainer import BoundTrainer, find_trainer
from lightning_sweeps.trainer.checkpoints import CheckpointLog, LogModel
from lightning_sweeps.trainer.final_state import FinalState, find_final_state
from lightning_sweeps.trainer.hparams import merge_hparams, plain_hparams
from lightning_sweeps.trainer.metric_values import expand, is_plain
from lightning_sweeps.trainer.resume import ResumePoint, RunReference
from lightning_sweeps.trainer.run_resolver import RunResolver
from lightning_sweeps.trainer.shared_metrics import SyncedMetrics
from lightning_sweeps.trainer.watch_methods import WatchMethods

log = logging.getLogger("lightning_sweeps")

JOIN = "-"
"""Separates the prefix from the name, as in all of Lightning's loggers."""

CHECKPOINTS = "checkpoints"
"""The name of the checkpoint folder in all of Lightning's loggers."""

PREEMPTED = "preempted.ckpt"

ENVIRONMENT = "environment"
"""The key of the file that describes the environment of a run: versions, command line, commit."""

RESUMES = tuple(choice for choice in RESUME_CHOICES if choice != "auto")

SYNCED = "synced"
"""The summary key of rank 0's run that lists the metrics that all ranks share."""


class SweepLoggerCore(MediaMethods, ArtifactMethods, WatchMethods):
    """A Lightning logger that logs to a run, on rank 0 or on every rank.

    A pickled or copied logger continues the same run.

    Args:
        project: the project. Default: the project of the trial, else `LIGHTNING_SWEEPS_PROJECT`.
        name: the display name of the run. Default: derived from the trial or the group.
        group: the group, which the runs of all ranks share. Default: one group per job and logger.
        mode: which ranks have a run. `single`: only rank 0. `grouped`: every rank has its own run, all in one group.
            `shared`: all ranks write to one run.
        save_dir: the folder for the files of runs. A run gets `runs/<project>/<run id>` in it. Default: the home
            folder.
        config: the configuration of the run: a map, a Namespace, a dataclass or another object with fields. In a sweep
            the parameters of the trial are added; they take precedence.
        tags: labels to filter by.
        notes: free text.
        job_type: the role of this run, for example `train` or `eval`.
        prefix: put before the name of every metric, followed by a `-`.
        log_model: which checkpoints become versions of the artifact `model-<run id>`. True: the best and the last one,
            after `fit`. "all": each one when it is saved. False: none.
        id: the id of the run. A process that gives the id of an earlier run continues it as its next attempt.
        resume: `must`, `never`, `allow` or True, as in `init`.
        offline: rows stay on this machine until `lightning-sweeps sync`.
        others: arguments of other loggers. `version`, `run_id`, `experiment_name` and `run_name` are other names of
            arguments above. Those without a counterpart are ignored, and one line says what to do instead.

    Raises:
        UsageError: an argument has a type or a value that is not allowed.
        SettingError: an environment variable has a value that is not allowed.

    Example:
        >>> trainer = Trainer(logger=SweepLogger("digits", mode="grouped"), callbacks=[SweepCallback()])
    """

    def __init__(
        self,
        project: str | None = None,
        *,
        name: str | None = None,
        group: str | None = None,
        mode: LoggerMode | Literal["online", "offline", "disabled"] = "single",
        save_dir: str | os.PathLike[str] | None = None,
        config: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        notes: str | None = None,
        job_type: str | None = None,
        prefix: str = "",
        log_model: LogModel = False,
        id: str | None = None,  # noqa: A002 - W&B's name
        resume: str | bool | None = None,
        offline: bool = False,
        **others: Any,
    ) -> None:
        super().__init__()
        arguments = {"project": project, "name": name, "group": group, "config": config, "tags": tags, "notes": notes}
        arguments |= {"job_type": job_type, "mode": mode, "id": id}
        arguments |= accept_others(others, allowed={**arguments, "save_dir": 0, "prefix": 0, "log_model": 0})
        options = make_options(run_id=arguments.pop("id"), **arguments)
        if options.is_offline is not None or options.is_disabled:
            options = dataclasses.replace(options, mode="single")
        offline = choice_argument("offline", offline, (False, True, None)) is True
        if offline:
            options = dataclasses.replace(options, is_offline=True)
        wanted = None if resume is None or resume is False else "allow"
        if wanted is not None and resume is not True:
            wanted = choice_argument("resume", resume, RESUMES)
        self._checkpoints = CheckpointLog(log_model)
        settings = read_settings()
        self._trial = current_trial()
        default = self._trial.project if self._trial else settings.project
        self._project = checked_name(options.project or default, what="project")
        self._mode = options.mode
        folder = text_argument("save_dir", save_dir)
        is_disabled = settings.mode == "disabled" or options.is_disabled is True
        home = settings.home if is_disabled else usable_home(settings.home, is_offline=offline).root
        self._home = Home(Path(folder).absolute() if folder else home)
        self._prefix = text_argument("prefix", prefix)
        public = {name: value for name, value in options.config.items() if not name.startswith("_")}
        options = dataclasses.replace(options, project=self._project, config=public)
        self._resolver = RunResolver(options, resume=wanted)
        self._trainer: BoundTrainer | None = None
        self._agreed_end: FinalState | None = None
        self._synced: SyncedMetrics | None = None
        self._warned: set[str] = set()
        self._has_environment = False

    # identity: the same on every rank, and the same before and after the first use of `experiment`

    @property
    def name(self) -> str:
        """The project."""
        return self._project

    @property
    def version(self) -> str:
        """The id of rank 0's run, the same on every rank."""
        return self._resolver.rank_zero_id

    @property
    def save_dir(self) -> str:
        """The folder of rank 0's run, the same on every rank. It may not exist yet."""
        return str(self._home.run_folder(self._project, self.version))

    @property
    def log_dir(self) -> str:
        """The same as `save_dir`."""
        return self.save_dir

    @property
    def root_dir(self) -> str:
        """The folder of all runs of the project."""
        return str(Path(self.save_dir).parent)

    @property
    def mode(self) -> LoggerMode:
        """Which ranks have a run: `single`, `grouped` or `shared`."""
        return self._mode

    @property
    def trial(self) -> Trial | None:
        """The trial of the sweep, or None outside a sweep. Every rank knows it before any collective."""
        return self._trial

    @property
    def resume_path(self) -> str | None:
        """The checkpoint of a preempted run, or None. Pass it to `trainer.fit(ckpt_path=...)`.

        A trial that was preempted, or a job that its launcher restarted, has the same run again and finds the
        checkpoint here.
        """
        path = self.preempted_path
        return str(path) if path.exists() else None

    # logging

    @property
    def experiment(self) -> Run:
        """The `Run` of this rank. In mode `single`, the run of other ranks than 0 is the same but writes nothing."""
        self._bind_from(sys._getframe(1))
        return self._current_run()

    @property
    def run_id(self) -> str:
        """The same as `version`."""
        return self.version

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log one row. Never raises.

        Args:
            metrics: names to numbers, text, tensors, nested maps of them, or torchmetrics objects. A vector becomes one
                number per class, a matrix becomes a confusion matrix. Computing a torchmetrics object is a collective,
                so all ranks must log it.
            step: the step of the row. Steps may repeat and go back. Default: the step of the Trainer.
        """
        run = self._current_run()
        try:
            metrics = self._prepare(metrics, step)
        except Exception as error:  # a metric that cannot be computed, or no map
            self._warn_once(f"log_metrics() left out a row: {type(error).__name__}: {error}")
            return
        if metrics:
            run.log(metrics, step)

    def _prepare(self, metrics: Mapping[str, Any], step: int | None) -> Mapping[str, Any]:
        """Return the row that this rank stores. Matrices are logged at once."""
        if self._synced is not None:
            metrics = self._own_metrics(metrics, self._synced)
        if not is_plain(metrics):
            expanded = expand(metrics)
            metrics = expanded.row
            for name, matrix in expanded.matrices.items():
                self.log_confusion_matrix(self._prefix + JOIN + name if self._prefix else name, matrix, step)
        if self._prefix:
            metrics = {f"{self._prefix}{JOIN}{name}": value for name, value in metrics.items()}
        return metrics

    def log_media(
        self,
        key: str,
        value: Any,
        kind: str = "file",
        *,
        step: int | None = None,
        caption: str = "",
        index: int = 0,
        **options: Any,
    ) -> None:
        run = self._current_run()
        run.log_media(key, value, kind, step=step, caption=caption, index=index, **options)

    log_media.__doc__ = MediaMethods.log_media.__doc__

    def _report_media(self, key: Any, kind: str, problem: str) -> None:
        self._current_run()._report_media(key, kind, problem)

    def log_hyperparams(self, params: Any, metrics: Any = None, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Add hyperparameters to the configuration of the run. Never raises.

        A parameter of the sweep keeps the value of the trial. If the program reports another value, a warning says so
        once.

        Args:
            params: a map, a Namespace or a dataclass, possibly nested.
            metrics: values for the summary, as Lightning's TensorBoardLogger takes them.
            args: ignored.
            kwargs: ignored.
        """
        self._bind_from(sys._getframe(1))
        run = self._current_run()
        swept = plain_hparams(self._trial.params) if self._trial is not None else {}
        try:
            added, ignored = merge_hparams(plain_hparams(params), swept=swept, known=run.config)
        except Exception as error:  # a user's object may raise anything
            self._warn_once(f"hyperparameters are left out: {error}")
            return
        if metrics is not None:
            run.summary.update(metrics)
        if ignored:
            names = ", ".join(f"`{name}`" for name in ignored)
            self._warn_once(
                f"the program reports other values for {names} than the trial; the values of the trial are logged"
            )
        run.config.update(added)

    def log_graph(self, model: Any, input_array: Any = None) -> None:  # noqa: ARG002 - Lightning's signature
        """Announce the run to the service. The Trainer calls this on every rank when it starts. No graph is logged."""
        self._bind_from(sys._getframe(1))
        run = self._current_run()
        run.announce()
        self._watch_again(model)
        if run.is_recording and run.rank == 0 and not self._has_environment:
            self._has_environment = True
            run.log_media(ENVIRONMENT, describe_environment(Path.cwd()), kind="json", step=0)

    def bind_trainer(self, trainer: Any) -> None:
        """Belong to a Trainer. `SweepCallback` calls this; without it, the logger finds its Trainer itself.

        The Trainer's own world decides which rank this process is. Rows without a step have the step of the Trainer.
        Its `ModelCheckpoint`s without a `dirpath` write to the folder of the run.
        """
        self._trainer = BoundTrainer(trainer, self, previous=self._trainer)
        self._resolver.bind(is_alone=self._trainer.is_alone, find_step=self._trainer.find_step)
        self._trainer.set_checkpoint_folder(str(self.checkpoints))

    def _bind_from(self, caller: Any) -> None:
        trainer = find_trainer(caller)
        if trainer is not None:
            self.bind_trainer(trainer)

    def save(self) -> None:
        """Do nothing: the operating system has every row as soon as it is logged."""

    def finalize(self, status: str) -> None:
        """End the run. Logging again reopens it.

        A run that the sweep stopped stays `stopped`, and a preempted run stays `preempted`, unless an exception ended
        the training.

        Args:
            status: the status from Lightning. For `failed` the exception that is being handled becomes the reason.
        """
        run = self._resolver.opened
        if run is None:
            return
        status = status if isinstance(status, str) else type(status).__name__
        if status == "success":
            self._checkpoints.log_pending(run)
        state, reason = find_final_state(status, self._agreed_end, sys.exc_info()[1])
        run.finish(state, reason=reason)

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Record the best and last checkpoint in the summary. With `log_model="all"`, store new ones as artifacts."""
        self._checkpoints.record(self._current_run(), checkpoint_callback)

    # used by SweepCallback

    def stop_requested(self) -> str | None:
        """Return the reason why the sweep wants to stop this run, or None."""
        return self._current_run().stop_requested()

    def set_synced_metrics(self, synced: SyncedMetrics | None) -> None:
        """Store metrics that are the same on all ranks only in rank 0's run. The summary key `synced` lists them."""
        self._synced = synced

    def expect_end(self, state: RunState | None, reason: str) -> None:
        """Set the final state that all ranks agreed on when they left training together. None resets it."""
        self._agreed_end = None if state is None else (state, reason)
        self._current_run().expect_end(state, reason)

    @property
    def checkpoints(self) -> Path:
        """The folder for checkpoints of the run. It may not exist yet."""
        return Path(self.save_dir, CHECKPOINTS)

    @property
    def preempted_path(self) -> Path:
        """Where training saves its checkpoint when it is preempted."""
        return self.checkpoints / PREEMPTED

    @property
    def reference(self) -> RunReference:
        """The reference that a checkpoint stores, so that a later attempt finds this run."""
        return self._resolver.reference

    def resume(self, point: ResumePoint) -> None:
        """Continue the run of a checkpoint.

        Call it before anything is logged; what was logged before stays in a separate run. A trial always keeps its
        own run, and only the step is used.
        """
        self._resolver.resume(point, is_trial=self._trial is not None)
        if self._trainer is not None:
            self._trainer.set_checkpoint_folder(str(self.checkpoints))

    def __getstate__(self) -> dict[str, Any]:
        gone = {"_watch": None, "_synced": None, "_trainer": None}
        return {**self.__dict__, "_resolver": copy.copy(self._resolver), **gone}

    def _current_run(self) -> Run:
        return self._resolver.current()

    def _own_metrics(self, metrics: Mapping[str, Any], synced: SyncedMetrics) -> Mapping[str, Any]:
        """Return what this rank stores of a row: everything on rank 0, only its own metrics on others."""
        run = self._current_run()
        has_new = synced.update(metrics)
        if run.rank > 0:
            own = synced.drop_from(metrics)
            return own if own.keys() - {"epoch"} else {}
        if has_new:
            run.summary[SYNCED] = sorted(synced.names)
        return metrics

    def _warn_once(self, message: str) -> None:
        if message not in self._warned and self._current_run().is_recording:
            self._warned.add(message)
            log.warning("%s (logged once)", message)

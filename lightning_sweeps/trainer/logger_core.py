"""What `SweepLogger` does, without a word of Lightning: the classes in `logger.py` bind it to Lightning's base.

The Trainer calls every method here on every rank, `finalize` several times and even inside signal handlers: nothing
below waits for another rank, calls a collective, or raises once training has begun. Who logs is decided by the rank
that `identify` finds at the first use of `experiment`, when Lightning has made the process group.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import sys
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch.distributed

from lightning_sweeps.errors import UsageError
from lightning_sweeps.paths import Home
from lightning_sweeps.records import LoggerMode, RunState
from lightning_sweeps.sdk.facts import find_origin, identify
from lightning_sweeps.sdk.identity import Identity
from lightning_sweeps.sdk.names import checked_name
from lightning_sweeps.sdk.run import Run, describe_error
from lightning_sweeps.sdk.session import MODES, derive_run_id, next_number, open_run
from lightning_sweeps.sdk.surroundings import describe_surroundings
from lightning_sweeps.sdk.trial import Trial, current_trial
from lightning_sweeps.settings import read_settings
from lightning_sweeps.trainer.artifacts import ArtifactLogging
from lightning_sweeps.trainer.checkpoints import LoggedCheckpoints, LogModel
from lightning_sweeps.trainer.encoding import encode_plain
from lightning_sweeps.trainer.hparams import plain_hparams
from lightning_sweeps.trainer.media import MediaLogging
from lightning_sweeps.trainer.resume import ResumePoint, RunMark
from lightning_sweeps.trainer.silence import SilentExperiment
from lightning_sweeps.trainer.synced import SyncedMetrics
from lightning_sweeps.trainer.values import expand, is_plain
from lightning_sweeps.trainer.watch import ModelWatch, Watched

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

GROUP = "process group"
"""How `Place` names the launcher of ranks that have met: nothing is known better."""


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
        self._run_name = name
        self._group = group
        self._mode = mode
        self._home = Home(Path(save_dir).absolute() if save_dir is not None else settings.home)
        self._config = plain_hparams(config or {})
        self._tags = list(tags)
        self._notes = notes
        self._job_type = job_type
        self._prefix = prefix
        self._number = next_number()
        self._origin = find_origin()
        self._job: str | None = None
        self._run: Run | None = None
        self._opened_as: Identity | None = None
        self._identity: Identity | None = None
        self._resumed: ResumePoint | None = None
        self._end: tuple[RunState, str] | None = None
        self._synced: SyncedMetrics | None = None
        self._has_warned = False
        self._has_described = False
        _loggers.add(self)

    # identity: the same on every rank, and the same before and after `experiment`

    @property
    def name(self) -> str:
        """The project."""
        return self._project

    @property
    def version(self) -> str:
        """The id of rank 0's run: the same on every rank, also where ranks have runs of their own."""
        return derive_run_id(self._identify(), number=self._number, rank=0)

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
        given = plain_hparams(params)
        ignored = sorted(name for name, value in given.items() if name in swept and str(value) != str(swept[name]))
        if ignored:
            self._warn_once(f"the program says {ignored} but the sweep's trial says otherwise; the trial's are kept")
        run.config.update(
            {
                name: value
                for name, value in given.items()
                if name not in swept and (name not in run.config or run.config[name] != value)
            }
        )

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
        if self._run is None:
            return
        if status == "success":
            self._checkpoints.keep_pending(self._run)
        state, reason = _final_state(status, self._end, sys.exc_info()[1])
        self._run.finish(state, reason=reason)

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
        identity = self._identify()
        attempt = self._run.attempt if self._run is not None else identity.attempt
        return RunMark(identity.job, self._number, self._project, attempt)

    def resume(self, point: ResumePoint) -> None:
        """Go on with the run of a checkpoint. A trial's run stays the trial's; only the step is noted then.

        Called before anything was logged; where something was, it stays behind in a run of its own.
        """
        mine = self.mark
        if point.mark.project != self._project or (self._trial is not None and point.mark.job != mine.job):
            log.warning("the checkpoint is of another project or trial; this training gets a run of its own")
            return
        if self._run is not None and self._run.is_announced:
            log.warning("something was logged before `fit`; it stays in the run `%s`", self._run.id)
        self._resumed = point
        self._job, self._number = point.mark.job, point.mark.number
        self._identity = None
        self._open()

    # in other processes

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_run": None, "_identity": None, "_watch": None, "_synced": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _loggers.add(self)

    def forget_run(self) -> None:
        """Open the run anew at the next use: this process was forked, and may be another rank than its parent."""
        self._run = self._identity = None

    # inside

    def _identify(self) -> Identity:
        """Return the identity; it is looked up once, and once more when the process group appears."""
        known = self._identity
        if known is not None and (known.place.launcher == GROUP or not _has_process_group()):
            return known
        identity = identify(carried=self._job, number=self._number, origin=self._origin)
        if identity.place.launcher == GROUP:  # all ranks have agreed: from now on it is this one
            self._job = identity.job
        if self._resumed is not None:
            attempt = max(identity.attempt, self._resumed.mark.attempt + 1)
            identity = dataclasses.replace(identity, attempt=attempt)
        self._identity = identity
        return identity

    def _current_run(self) -> Run:
        """Return this rank's run; what was opened before the ranks were known is opened anew where they differ."""
        identity = self._identify()
        run, before = self._run, self._opened_as
        if run is not None and before is not None and (before is identity or _is_same_place(before, identity)):
            return run
        return self._open()

    def _open(self) -> Run:
        before = self._run
        self._opened_as = self._identify()
        is_withdrawn = before is not None and not before.is_announced
        if before is not None and is_withdrawn:
            before.withdraw()
        elif before is not None:  # `experiment` was written to before `fit`
            before.finish()
        self._run = open_run(
            self._opened_as,
            number=self._number,
            mode=self._mode,
            project=self._project,
            name=self._run_name,
            group=self._group,
            config={**self._config, **(before.config if before is not None else {})},
            tags=self._tags,
            notes=self._notes,
            job_type=self._job_type,
            resumed_step=self._resumed.step if self._resumed is not None else None,
            opens_late=True,
        )
        if before is not None and is_withdrawn:
            self._run.take_over(before)
        return self._run

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


def _is_same_place(one: Identity, other: Identity) -> bool:
    return (one.place.rank, one.place.world_size, one.job) == (other.place.rank, other.place.world_size, other.job)


def _has_process_group() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _final_state(status: str, agreed: tuple[RunState, str] | None, error: BaseException | None) -> tuple[RunState, str]:
    """Return the run's state and its reason, from Lightning's word and what this process knows besides."""
    if status in ("success", "finished"):
        return agreed or ("finished", "")
    if isinstance(error, SystemExit):  # Lightning's SIGTERMException is one
        return agreed or ("killed", describe_error(error))
    if error is None:
        return "failed", f"the training ended as `{status}`"
    if isinstance(error, KeyboardInterrupt):
        return "killed", "interrupted from the keyboard"
    return "failed", describe_error(error)


_loggers: weakref.WeakSet[SweepLoggerCore] = weakref.WeakSet()


def _forget_runs() -> None:
    for logger in list(_loggers):
        logger.forget_run()


os.register_at_fork(after_in_child=_forget_runs)

"""Defines `setup`, `init`, `log` and `finish`, and ends open runs when the interpreter exits."""

from __future__ import annotations

import atexit
import dataclasses
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings, environment, read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.records import LoggerMode, RunInfo, RunState
from lightning_sweeps.sdk.ancestor import Ancestor
from lightning_sweeps.sdk.error_text import end_of
from lightning_sweeps.sdk.identity import Identity
from lightning_sweeps.sdk.names import checked_name
from lightning_sweeps.sdk.process_info import identify
from lightning_sweeps.sdk.recorded_map import plain_config
from lightning_sweeps.sdk.run import Run
from lightning_sweeps.sdk.stacks import print_stacks_on_demand
from lightning_sweeps.sdk.trial import Trial, current_trial
from lightning_sweeps.system.gpus import visible_names
from lightning_sweeps.system.start_service import ensure_service

MODES: tuple[LoggerMode, ...] = ("single", "grouped", "shared")


@dataclasses.dataclass(slots=True)
class _Session:
    """The runs that this process has open.

    Attributes:
        current: the run of `init`.
        opened: how many runs and loggers this process has created.
        open_runs: the runs to end at exit.
        has_hooks: whether the exit hooks are installed.
        error: the uncaught exception that ends the program.
    """

    current: Run | None = None
    opened: int = 0
    open_runs: list[Run] = dataclasses.field(default_factory=list)
    has_hooks: bool = False
    error: BaseException | None = None


_session = _Session()


def setup() -> None:
    """Start the service if it is not running, without waiting for it. Optional, because `init` does the same.

    Raises:
        SettingError: an environment variable has a value that is not allowed.
    """
    settings = read_settings()
    if settings.mode == "online":
        ensure_service(Home(settings.home), settings)


def init(
    project: str | None = None,
    *,
    name: str | None = None,
    group: str | None = None,
    config: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    notes: str = "",
    job_type: str = "",
    mode: LoggerMode = "grouped",
) -> Run:
    """Start a run for this process. `lightning_sweeps.log` and `lightning_sweeps.finish` then use it.

    Call it on every rank. It never waits for the service, the server or another rank. A run that an earlier call
    started is finished first.

    Args:
        project: the project. Default: the project of the trial, else `LIGHTNING_SWEEPS_PROJECT`.
        name: the display name of the run. Default: derived from the trial or the group.
        group: the group, which the runs of all ranks share. Default: one group per job.
        config: the configuration of the run. In a sweep the parameters of the trial are added; they take precedence.
        tags: labels to filter by.
        notes: free text.
        job_type: the role of this process, for example `train` or `eval`.
        mode: which ranks have a run. `grouped`: every rank has its own run, all in one group. `single`: only rank 0
            records; the other ranks get a run that writes nothing. `shared`: all ranks write to one run.

    Returns:
        The run of this process.

    Raises:
        UsageError: the mode or the name of the project is not allowed.
        SettingError: an environment variable has a value that is not allowed.

    Example:
        >>> run = lightning_sweeps.init("digits", config={"lr": 1e-3})
        >>> run.log({"loss": 0.5}, step=0)
        >>> run.finish()
    """
    if _session.current is not None and not _session.current.is_finished:
        _session.current.finish()
    number = next_number()
    _session.current = open_run(
        identify(number=number),
        number=number,
        mode=mode,
        project=project,
        name=name,
        group=group,
        config=config,
        tags=tags,
        notes=notes,
        job_type=job_type,
    )
    return _session.current


def log(values: Mapping[str, Any], step: int | None = None) -> None:
    """Log one row to the run that `init` started.

    Args:
        values: names to numbers, booleans, text, tensors or arrays of one element, or nested maps of them.
        step: the step of the row. Steps may repeat and go back. Default: one more than the step of the last row.

    Raises:
        UsageError: `init` was not called.

    Example:
        >>> lightning_sweeps.log({"train/loss": 0.5}, step=100)
    """
    if _session.current is None:
        raise UsageError("`log` was called before `init`", hint="call `lightning_sweeps.init(project=...)` first")
    _session.current.log(values, step)


def finish(*, timeout_s: float | None = None) -> None:
    """End the run that `init` started. Without a run it does nothing.

    The service uploads what is left. A run that the program does not finish is finished when the interpreter exits.

    Args:
        timeout_s: seconds to wait until the server has everything. Default: return at once.
    """
    if _session.current is not None:
        _session.current.finish(timeout_s=timeout_s)
        _session.current = None


def require(feature: str) -> None:
    """Accept `require("service")`, which scripts written for W&B call. The service is always used.

    Args:
        feature: `service`.

    Raises:
        UsageError: `feature` is anything else.
    """
    if feature != "service":
        raise UsageError(f"`require({feature!r})` was called, allowed: 'service'", hint="remove the call")


def end_runs(state: RunState, reason: str) -> None:
    """End all open runs of this process and restart the count of runs, because another trial follows."""
    for run in _session.open_runs:
        if run.is_announced and not run.is_finished:
            run.finish(state, reason=reason)
    _session.open_runs, _session.current, _session.opened, _session.error = [], None, 0, None


def next_number() -> int:
    """Return how many runs or loggers this process has created before. It is the same on all ranks of one script.

    It distinguishes the second run of a script from the first, which has the same job and rank.
    """
    number = _session.opened
    _session.opened += 1
    return number


def open_run(
    identity: Identity,
    *,
    number: int,
    mode: LoggerMode,
    project: str | None = None,
    name: str | None = None,
    group: str | None = None,
    run_id: str | None = None,
    config: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    notes: str = "",
    job_type: str = "",
    resumed_step: int | None = None,
    opens_late: bool = False,
    ancestor: Ancestor | None = None,
) -> Run:
    """Open a run for a known identity. `init` and `SweepLogger` both use this function.

    Args:
        identity: the rank and the job of this process.
        number: the number of the run or logger in this process.
        run_id: the id of the run. Default: derived from job and rank.
        resumed_step: the step from which this attempt continues. Rows of earlier attempts from this step on are
            abandoned.
        opens_late: create the journal with the first row or `Run.announce`, not at once.
        ancestor: the run of the process that started this one. If it is the same run, its state stays that of the
            ancestor.

    The other arguments are those of `init`.

    Raises:
        UsageError: the mode or the name of the project is not allowed.
        SettingError: an environment variable has a value that is not allowed.
    """
    if mode not in MODES:
        raise UsageError(f"`mode` is `{mode}`, allowed: {', '.join(MODES)}")
    settings = read_settings()
    home = Home(settings.home)
    trial = current_trial()
    info = describe_run(
        identity,
        number=number,
        settings=settings,
        trial=trial,
        mode=mode,
        project=project,
        name=name,
        group=group,
        run_id=run_id,
        config=plain_config(config or {}),
        tags=list(tags),
        notes=notes,
        job_type=job_type,
        resumed_step=resumed_step,
    )
    is_recording = settings.mode != "disabled" and not (mode == "single" and identity.rank_info.rank > 0)
    journals = home.journals if settings.mode == "online" else home.offline
    run = Run(
        info,
        home=home,
        journals=journals if is_recording else None,
        trial=trial,
        opens_late=opens_late,
        parent=ancestor.journal_of(info) if ancestor is not None else "",
    )
    if is_recording:
        if settings.mode == "online":
            print_stacks_on_demand(home)
            ensure_service(home, settings)  # before the exit hook is installed: exit hooks run in reverse order
        _end_at_exit(run)
        if settings.console == "on" or (settings.console == "auto" and trial is not None):
            run.capture_console()
    return run


def derive_run_id(identity: Identity, *, number: int, rank: int) -> str:
    """Return the id of the run that rank `rank` of this job has for its logger `number`."""
    return derive_id(identity.job, number, rank, prefix="r-")


def describe_run(
    identity: Identity,
    *,
    number: int,
    settings: Settings,
    trial: Trial | None,
    mode: LoggerMode,
    project: str | None,
    name: str | None,
    group: str | None,
    run_id: str | None,
    config: dict[str, Any],
    tags: list[str],
    notes: str,
    job_type: str,
    resumed_step: int | None = None,
) -> RunInfo:
    """Return the description of the run. Its id is derived from job and rank, so a restarted rank continues its run."""
    rank_info = identity.rank_info
    run_id = run_id or derive_run_id(identity, number=number, rank=0 if mode == "shared" else rank_info.rank)
    group = group or settings.group or (trial.id if trial else derive_id(identity.job, number, prefix="g-"))
    base_name = name or (f"{trial.sweep_name}-{trial.number}" if trial else f"run-{group[-4:]}")
    suffix = f"-rank{rank_info.rank}" if mode == "grouped" and rank_info.world_size > 1 else ""
    return RunInfo(
        id=run_id,
        project=checked_name(project or (trial.project if trial else settings.project), what="project"),
        name=base_name + suffix,
        group=group,
        rank=rank_info.rank,
        local_rank=rank_info.local_rank,
        world_size=rank_info.world_size,
        node_rank=rank_info.node_rank,
        attempt=identity.attempt,
        mode=mode,
        job_type=job_type,
        config={**config, **(trial.params if trial else {})},
        tags=tags,
        notes=notes,
        sweep=trial.sweep if trial else None,
        trial=trial.id if trial else None,
        gpus=_own_gpus(rank_info.local_rank, trial),
        resumed_step=resumed_step,
    )


def _own_gpus(local_rank: int, trial: Trial | None) -> list[str]:
    """Return the GPU of this rank as the vendor's visibility variable names it. Each local rank uses one."""
    visible = trial.gpus if trial else visible_names(environment())
    return visible[local_rank : local_rank + 1]


def _end_at_exit(run: Run) -> None:
    """End the run when the interpreter exits. The hooks are installed once per process."""
    _session.open_runs = [known for known in _session.open_runs if not known.is_finished]
    _session.open_runs.append(run)
    if _session.has_hooks:
        return
    _session.has_hooks = True
    atexit.register(_finish_at_exit)
    previous = sys.excepthook

    def record_error(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        _session.error = error
        previous(kind, error, traceback)

    sys.excepthook = record_error


def _finish_at_exit() -> None:
    end = end_of(_session.error)
    for run in _session.open_runs:
        run.finish_at_exit(end.state, end.reason)

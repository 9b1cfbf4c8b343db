"""The module-level API: `setup`, `init`, `log`, `finish`, and what happens to open runs when the interpreter ends."""

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
from lightning_sweeps.sdk.identity import Identity
from lightning_sweeps.sdk.names import checked_name
from lightning_sweeps.sdk.process_info import identify
from lightning_sweeps.sdk.run import Run, describe_error, plain_config
from lightning_sweeps.sdk.stacks import print_stacks_on_demand
from lightning_sweeps.sdk.start_service import ensure_service
from lightning_sweeps.sdk.trial import Trial, current_trial
from lightning_sweeps.system.gpus import visible_names

MODES: tuple[LoggerMode, ...] = ("single", "grouped", "shared")


@dataclasses.dataclass(slots=True)
class _Session:
    """What this process has open."""

    current: Run | None = None
    opened: int = 0
    open_runs: list[Run] = dataclasses.field(default_factory=list)
    has_hooks: bool = False
    error: BaseException | None = None


_session = _Session()


def setup() -> None:
    """Start the service if none runs, without waiting for it. Optional: `init` does it too."""
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
    """Start a run for this process and return it; it is also what `log` and `finish` of the package then mean.

    Never waits for the service, the server or another rank.

    Args:
        project: the project; default: the trial's, else LIGHTNING_SWEEPS_PROJECT.
        name: the run's name for people.
        group: the name that joins the runs of one job; default: one per job, the same on all its ranks.
        config: configuration kept with the run. Under a sweep the trial's parameters are added and win.
        tags: labels to filter by.
        notes: free text.
        job_type: the role of this process, for example `train` or `eval`.
        mode: `grouped`: every rank its own run, all in one group; `single`: rank 0 alone records, the other ranks get a
            run that writes nothing; `shared`: all ranks write into one run.
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

    Raises:
        UsageError: `init` was not called.
    """
    if _session.current is None:
        raise UsageError("`log` before `init`: there is no run", hint="call `lightning_sweeps.init(project=...)` first")
    _session.current.log(values, step)


def finish(*, timeout_s: float | None = None) -> None:
    """End the run that `init` started; without one, do nothing. Returns at once: the service ships the rest.

    Args:
        timeout_s: wait so long for the server to have everything, and say what is still on its way then.
    """
    if _session.current is not None:
        _session.current.finish(timeout_s=timeout_s)
        _session.current = None


def require(feature: str) -> None:
    """Accept `require("service")`, which W&B's documentation asks for: here the service is always there.

    Raises:
        UsageError: for anything else.
    """
    if feature != "service":
        raise UsageError(f"`require({feature!r})` was called, allowed: 'service'", hint="there is nothing to require")


def end_runs(state: RunState, reason: str) -> None:
    """End all open runs of this process, and count runs anew: what follows is another trial."""
    for run in _session.open_runs:
        if run.is_announced and not run.is_finished:
            run.finish(state, reason=reason)
    _session.open_runs, _session.current, _session.opened, _session.error = [], None, 0, None


def next_number() -> int:
    """Return how many runs or loggers this process has made before: the same on all ranks of one script.

    With it, a script's second run is another run than its first although job and rank are the same.
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
) -> Run:
    """Open a run for a known identity: what `init` and `SweepLogger` have in common.

    Args:
        resumed_step: the step from which this attempt goes on; rows of earlier attempts from there on are abandoned.
        opens_late: True: nothing is written before the first row or `Run.announce`.

    Raises:
        UsageError: the mode is unknown, or the project's name cannot be a folder's.
        SettingError: an environment variable cannot be used.
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
    records = settings.mode != "disabled" and not (mode == "single" and identity.place.rank > 0)
    journals = home.journals if settings.mode == "online" else home.offline
    run = Run(info, home=home, journals=journals if records else None, trial=trial, opens_late=opens_late)
    if records:
        if settings.mode == "online":
            print_stacks_on_demand(home)
            ensure_service(home, settings)  # before the run is remembered: at exit, what came last ends first
        _remember(run)
        if settings.console == "on" or (settings.console == "auto" and trial is not None):
            run.capture_console()
    return run


def derive_run_id(identity: Identity, *, number: int, rank: int) -> str:
    """Return the id of the run that rank `rank` has from its `number`th logger of this job."""
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
    """Return the run's description; its id follows from job and rank, so a restarted rank goes on with its run."""
    place = identity.place
    run_id = run_id or derive_run_id(identity, number=number, rank=0 if mode == "shared" else place.rank)
    group = group or settings.group or (trial.id if trial else derive_id(identity.job, number, prefix="g-"))
    base_name = name or (f"{trial.sweep_name}-{trial.number}" if trial else f"run-{group[-4:]}")
    suffix = f"-rank{place.rank}" if mode == "grouped" and place.world_size > 1 else ""
    return RunInfo(
        id=run_id,
        project=checked_name(project or (trial.project if trial else settings.project), what="project"),
        name=base_name + suffix,
        group=group,
        rank=place.rank,
        local_rank=place.local_rank,
        world_size=place.world_size,
        node_rank=place.node_rank,
        attempt=identity.attempt,
        mode=mode,
        job_type=job_type,
        config={**config, **(trial.params if trial else {})},
        tags=tags,
        notes=notes,
        sweep=trial.sweep if trial else None,
        trial=trial.id if trial else None,
        gpus=_own_gpus(place.local_rank, trial),
        resumed_step=resumed_step,
    )


def _own_gpus(local_rank: int, trial: Trial | None) -> list[str]:
    """Return the GPU that this rank uses, as the vendor's visibility variable names it: one per local rank."""
    visible = trial.gpus if trial else visible_names(environment())
    return visible[local_rank : local_rank + 1]


def _remember(run: Run) -> None:
    """Keep the run for the interpreter's end; the hooks are set once per process."""
    _session.open_runs = [known for known in _session.open_runs if not known.is_finished]
    _session.open_runs.append(run)
    if _session.has_hooks:
        return
    _session.has_hooks = True
    atexit.register(_finish_at_exit)
    previous = sys.excepthook

    def note_error(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        _session.error = error
        previous(kind, error, traceback)

    sys.excepthook = note_error


def _finish_at_exit() -> None:
    error = _session.error
    for run in _session.open_runs:
        if error is None:
            run.finish_at_exit("finished", "")
        elif isinstance(error, KeyboardInterrupt):
            run.finish_at_exit("killed", "interrupted from the keyboard")
        else:
            run.finish_at_exit("failed", describe_error(error))

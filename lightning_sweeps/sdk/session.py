"""Defines `setup`, `init`, `log` and `finish`, and ends open runs when the interpreter exits."""

from __future__ import annotations

import atexit
import dataclasses
import logging
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Literal

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.records import LoggerMode, RunInfo, RunState
from lightning_sweeps.sdk.ancestor import Ancestor
from lightning_sweeps.sdk.arguments import choice_argument
from lightning_sweeps.sdk.error_text import end_of
from lightning_sweeps.sdk.identity import Identity
from lightning_sweeps.sdk.process_info import identify
from lightning_sweeps.sdk.resumed_run import RESUME_CHOICES, find_attempt, unfinished_run_id
from lightning_sweeps.sdk.run import Run
from lightning_sweeps.sdk.run_info import RunOptions, describe_run
from lightning_sweeps.sdk.run_options import accept_others, make_options
from lightning_sweeps.sdk.stacks import print_stacks_on_demand
from lightning_sweeps.sdk.terminal_messages import TerminalMessages
from lightning_sweeps.sdk.trial import Trial, current_trial
from lightning_sweeps.sdk.usable_home import usable_home
from lightning_sweeps.system.start_service import ensure_service

logger = logging.getLogger("lightning_sweeps")


@dataclasses.dataclass(slots=True)
class _Session:
    """The runs that this process has open.

    Attributes:
        current: the run of `init`.
        opened: how many runs and loggers this process has created.
        open_runs: the runs to end at exit.
        has_hooks: whether the exit hooks are installed.
        error: the uncaught exception that ends the program.
        has_told_of_wandb: whether the program knows that variables of W&B are read.
    """

    current: Run | None = None
    opened: int = 0
    open_runs: list[Run] = dataclasses.field(default_factory=list)
    has_hooks: bool = False
    error: BaseException | None = None
    has_told_of_wandb: bool = False


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
    tags: Iterable[str] | None = None,
    notes: str | None = None,
    job_type: str | None = None,
    mode: LoggerMode | Literal["online", "offline", "disabled"] = "grouped",
    id: str | None = None,  # noqa: A002 - W&B's name
    resume: str | bool | None = None,
    reinit: bool | str | None = None,
    save_code: bool | None = None,
    **others: Any,
) -> Run:
    """Start a run for this process. `lightning_sweeps.log` and `lightning_sweeps.finish` then use it.

    Call it on every rank. It never waits for the service or another rank, and only `resume` asks the server. A run that
    an earlier call started is finished first.

    Args:
        project: the project. Default: the project of the trial, else `LIGHTNING_SWEEPS_PROJECT`.
        name: the display name of the run. Default: derived from the trial or the group.
        group: the group, which the runs of all ranks share. Default: one group per job.
        config: the configuration of the run: a map, an `argparse.Namespace`, a dataclass or another object with fields.
            In a sweep the parameters of the trial are added; they take precedence.
        tags: labels to filter by.
        notes: free text.
        job_type: the role of this process, for example `train` or `eval`.
        mode: which ranks have a run. `grouped`: every rank has its own run, all in one group. `single`: only rank 0
            records; the other ranks get a run that writes nothing. `shared`: all ranks write to one run. Or, as in W&B,
            where rows go: `online`, `offline` or `disabled`.
        id: the id of the run. A process that gives the id of an earlier run continues it as its next attempt.
        resume: `must`: raise if there is no run with this `id`. `never`: raise if there is one. `allow` or True:
            continue it if there is one, also from another machine. `auto`: continue the last run of this project in
            this home folder, unless it has finished.
        reinit: `return_previous`: return the run that is open already. `create_new`: leave it open.
        save_code: store the source files in the working folder, as `Run.log_code` does.
        others: arguments of W&B without a counterpart. They are ignored, and one line says what to do instead.

    Returns:
        The run of this process.

    Raises:
        UsageError: an argument has a type or a value that is not allowed.
        SettingError: an environment variable has a value that is not allowed.

    Example:
        >>> run = lightning_sweeps.init("digits", config={"lr": 1e-3})
        >>> run.log({"loss": 0.5}, step=0)
        >>> run.finish()
    """
    arguments = {"project": project, "name": name, "group": group, "config": config, "tags": tags, "notes": notes}
    arguments |= {"job_type": job_type, "mode": mode, "id": id}
    arguments |= accept_others(others, allowed={**arguments, "resume": resume, "reinit": reinit})
    options = make_options(run_id=arguments.pop("id"), **arguments)
    wanted = _resume_argument(resume)
    reinit = choice_argument("reinit", reinit, REINIT_CHOICES)
    current = _session.current
    if current is not None and not current.is_finished and reinit != "create_new":
        if reinit == "return_previous":
            return current
        current.finish()
    number = next_number()
    identity = identify(number=number)
    if options.run_id is not None or wanted is not None:
        options, identity = _resumed(options, identity, wanted)
    _session.current = open_run(identity, options, number=number)
    if wanted == "auto":
        _session.current.remember()
    if save_code:
        _session.current.log_code()
    return _session.current


REINIT_CHOICES = (None, True, False, "default", "return_previous", "finish_previous", "create_new")


def _resume_argument(resume: Any) -> str | None:
    if resume is None or resume is False or (isinstance(resume, str) and not resume):
        return None
    return "allow" if resume is True else choice_argument("resume", resume, RESUME_CHOICES)


def _resumed(options: RunOptions, identity: Identity, resume: str | None) -> tuple[RunOptions, Identity]:
    """Return the options and the identity of a process that may continue a run.

    Raises:
        UsageError: `resume` needs an `id`, or does not fit to what exists.
    """
    settings = read_settings()
    home = usable_home(settings.home)
    rank = identity.rank_info.rank
    if options.run_id is None:
        if resume != "auto":
            raise UsageError(f"`resume` is `{resume}` without an `id`", hint="pass `id=`, or `resume='auto'`")
        run_id = unfinished_run_id(home, options.project or settings.project, rank)
        options = dataclasses.replace(options, run_id=run_id)
    elif options.mode == "grouped" and rank:
        options = dataclasses.replace(options, run_id=f"{options.run_id}-rank{rank}")
    is_recording = settings.mode != "disabled" and not options.is_disabled
    if is_recording and not (options.mode == "single" and rank) and options.run_id is not None:
        attempt = find_attempt(home, settings, options.run_id, resume)
        identity = dataclasses.replace(identity, attempt=max(attempt, identity.attempt))
    return options, identity


def log(
    values: Mapping[str, Any], step: int | None = None, commit: bool | None = None, sync: bool | None = None
) -> None:
    """Log one row to the run that `init` started, as `Run.log` does.

    Args:
        values: names to numbers, booleans, text, tensors or arrays of one element, or nested maps of them; or media.
        step: the step of the row. Steps may repeat and go back. Default: one more than the step of the last row.
        commit: False: keep the values for the next row.
        sync: ignored.

    Raises:
        UsageError: `init` was not called.

    Example:
        >>> lightning_sweeps.log({"train/loss": 0.5}, step=100)
    """
    if _session.current is None:
        raise UsageError("`log` was called before `init`", hint="call `lightning_sweeps.init(project=...)` first")
    _session.current.log(values, step, commit, sync)


def finish(exit_code: int | None = None, quiet: bool | None = None, *, timeout_s: float | None = None) -> None:
    """End the run that `init` started. Without a run it does nothing.

    The service uploads what is left. A run that the program does not finish is finished when the interpreter exits.

    Args:
        exit_code: the exit status of the program; other values than 0 end the run as `failed`.
        quiet: True: do not print the values of the run.
        timeout_s: seconds to wait until the server has everything. Default: return at once.
    """
    if _session.current is not None:
        _session.current.finish(exit_code=exit_code, quiet=quiet, timeout_s=timeout_s)
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
    options: RunOptions,
    *,
    number: int,
    resumed_step: int | None = None,
    opens_late: bool = False,
    ancestor: Ancestor | None = None,
    asked_trial: Trial | None = None,
) -> Run:
    """Open a run for a known identity. `init`, `SweepLogger` and studies use this function.

    Args:
        identity: the rank and the job of this process.
        options: what the program says about the run.
        number: the number of the run or logger in this process.
        resumed_step: the step from which this attempt continues. Rows of earlier attempts from this step on are
            abandoned.
        opens_late: create the journal with the first row or `Run.announce`, not at once.
        ancestor: the run of the process that started this one. If it is the same run, its state stays that of the
            ancestor.
        asked_trial: the trial of a study that the run belongs to. A study may have several at a time, so their runs do
            not record the console. Default: the trial that this process belongs to.

    Raises:
        UsageError: the name of the project is not allowed.
        SettingError: an environment variable has a value that is not allowed.
    """
    settings = _settings_of(options)
    trial = asked_trial or current_trial()
    info = describe_run(identity, options, number=number, settings=settings, trial=trial, resumed_step=resumed_step)
    is_recording = settings.mode != "disabled" and not (options.mode == "single" and identity.rank_info.rank > 0)
    is_main = is_recording and ancestor is None
    is_offline = settings.mode == "offline"
    home = usable_home(settings.home, is_offline=is_offline) if is_recording else Home(settings.home)
    journals = home.journals if settings.mode == "online" else home.offline
    run = Run(
        info,
        home=home,
        journals=journals if is_recording else None,
        trial=trial,
        opens_late=opens_late,
        parent=ancestor.journal_of(info) if ancestor is not None else "",
        messages=_messages_of(info, settings, home, ends_late=opens_late) if is_main else None,
    )
    if is_recording:
        _tell_of_wandb_variables(settings)
        if settings.mode == "online":
            print_stacks_on_demand(home)
            if opens_late:
                ensure_service(home, settings)  # before the exit hook is installed: exit hooks run in reverse order
        _end_at_exit(run)
        is_captured = settings.console == "on" or (settings.console == "auto" and trial is not None)
        if is_captured and asked_trial is None:
            run.capture_console()
    return run


def _messages_of(info: RunInfo, settings: Settings, home: Home, *, ends_late: bool) -> TerminalMessages | None:
    """Return what the program says about a run. A trial of a sweep only logs it, because its agent shows the sweep."""
    if info.rank or settings.quiet == "on":
        return None
    if info.trial is not None:
        logger.info("run `%s` in project `%s`", info.id, info.project)
        return None
    return TerminalMessages(info, home, settings, ends_late=ends_late)


def _settings_of(options: RunOptions) -> Settings:
    """Return the settings of a run, in which its options take precedence."""
    settings = read_settings()
    if options.is_disabled:
        return dataclasses.replace(settings, mode="disabled")
    if options.is_offline is not None and settings.mode != "disabled":
        return dataclasses.replace(settings, mode="offline" if options.is_offline else "online")
    return settings


def _tell_of_wandb_variables(settings: Settings) -> None:
    if settings.from_wandb and settings.quiet == "off" and not _session.has_told_of_wandb:
        _session.has_told_of_wandb = True
        logger.warning("read %s", ", ".join(settings.from_wandb))


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

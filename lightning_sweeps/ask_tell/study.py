"""`lightning_sweeps.study`: ask a sweep for trials and tell their values, without an agent."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.agents.function.agent import check_nodes
from lightning_sweeps.agents.function.heartbeat import LeaseHeartbeat
from lightning_sweeps.agents.launch.trial_file import describe_trial, with_seed
from lightning_sweeps.api.sweeps import best, sweep
from lightning_sweeps.api.wait import DEFAULT_TIMEOUT_S, wait_for_ends, warn
from lightning_sweeps.ask_tell.heartbeats import Heartbeats
from lightning_sweeps.ask_tell.next_trial import wait_for_trial
from lightning_sweeps.ask_tell.seat import Seat
from lightning_sweeps.ask_tell.study_trial import HeldTrial, StudyTrial
from lightning_sweeps.ask_tell.told_values import ToldState, check_has_value, checked_state, named_values
from lightning_sweeps.client.up_to_date import connect_up_to_date
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.errors import NoTrial, ServerError, SettingError, TrialLost, UsageError
from lightning_sweeps.sdk.arguments import text_argument
from lightning_sweeps.sdk.identity import Identity, RankInfo
from lightning_sweeps.sdk.run_info import RunOptions
from lightning_sweeps.sdk.session import open_run
from lightning_sweeps.sdk.trial_journals import TrialJournals
from lightning_sweeps.system import service_lock

ONE_PROCESS = RankInfo(rank=0, local_rank=0, world_size=1, node_rank=0, launcher="none")
FILE_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
GIVEN_BACK = "the program closed the study, or ended, before it told the trial"
NOT_ENDED = frozenset({"pending", "leased", "running", "lost"})
"""States of a trial after its end was reported, if it did not belong to the study any more."""


def study(
    config_or_sweep_id: Mapping[str, Any] | str | Path, *, project: str | None = None, name: str | None = None
) -> Study:
    """Open a study: a program asks for trials and tells their values itself, without an agent process.

    Agents and other studies may work on the same sweep at the same time.

    Args:
        config_or_sweep_id: the content of a sweep file as a dictionary, or the path of a sweep file, to create a sweep;
            or the id of a sweep, to continue it.
        project: project of a new sweep. Overrides the configuration.
        name: name of a new sweep. Overrides the configuration.

    Returns:
        The study. Use it in a `with` statement, or close it.

    Raises:
        SweepFileError: the configuration has faults. Nothing was created.
        NotFound: there is no such sweep.
        UsageError: `project` or `name` is given for a sweep that exists, or its trials need several machines.
        SettingError: the settings keep what is logged on this machine.
        ServerError: the server cannot be reached, or it rejects the sweep.

    Example:
        >>> import lightning_sweeps as ls
        >>> config = {
        ...     "method": "bayes",
        ...     "metric": {"name": "loss", "goal": "minimize"},
        ...     "parameters": {"x": {"min": -1.0, "max": 1.0}},
        ...     "run_cap": 20,
        ... }
        >>> with ls.study(config) as study:  # doctest: +SKIP
        ...     for trial in study:
        ...         study.tell(trial, trial.params["x"] ** 2)
        ...     print(study.best.params)
    """
    settings = read_settings()
    _check_uploads(settings)
    if _is_sweep_id(config_or_sweep_id):
        if project is not None or name is not None:
            given = "project" if project is not None else "name"
            raise UsageError(
                f"`{given}` was given for sweep `{config_or_sweep_id}`, which exists",
                hint="leave `project` and `name` out",
            )
        sweep_id = last_part(str(config_or_sweep_id))
    else:
        sweep_id = sweep(config_or_sweep_id, project=project, name=name)
    return Study(sweep_id, settings)


def _is_sweep_id(given: Mapping[str, Any] | str | Path) -> bool:
    return isinstance(given, str) and Path(given).suffix not in FILE_SUFFIXES and not Path(given).is_file()


def _check_uploads(settings: Settings) -> None:
    """Check that what this process logs reaches the server by itself.

    Raises:
        SettingError: it does not.
    """
    if settings.mode != "online":
        raise SettingError(
            f"a study needs a server that knows the values at once, but LIGHTNING_SWEEPS_MODE is `{settings.mode}`",
            hint="unset it, or set it to `online`",
        )
    if settings.service == "off" and not service_lock.is_held(Home(settings.home)):
        raise SettingError(
            "a study needs the service, which uploads the values, but LIGHTNING_SWEEPS_SERVICE is `off` and none runs",
            hint="unset it, or start the service",
        )


class Study:
    """Hands out the trials of a sweep to this process. `lightning_sweeps.study` returns it.

    A trial in flight belongs to this process as long as it lives, as the trial of an agent does. If the process ends or
    dies, the trial returns to the sweep by the rules for agents. Several threads can use a study, but no fork of its
    process.

    Args:
        sweep_id: id of the sweep.
        settings: the server to use, and the home folder.

    Attributes:
        id: id of the sweep.
    """

    def __init__(self, sweep_id: str, settings: Settings) -> None:
        self.id = sweep_id
        self._settings = settings
        self._journals = TrialJournals(Home(settings.home), settings)
        self._heartbeats = Heartbeats(settings)
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._in_flight: dict[str, tuple[StudyTrial, HeldTrial]] = {}
        self._told: dict[str | int, ToldState] = {}
        self._seats: list[Seat] = []
        self._seat_numbers = count()
        self._free: list[Seat] = []
        self._is_closed = False
        seat = self._open_seat()
        self._sweep = seat.registration.sweep
        self._free.append(seat)
        _open_studies.append(self)
        try:
            check_nodes(self._sweep)
        except UsageError:
            self.close()
            raise

    def ask(self, *, timeout_s: float | None = None) -> StudyTrial:
        """Return the next trial. The search knows every value that was told before.

        Several trials may be in flight. This waits while the sweep is paused, while the search computes, and for trials
        that other agents run, if only their end can bring another trial.

        Args:
            timeout_s: how long to wait at most, in seconds. Default: as long as a trial may come.

        Raises:
            NoTrial: the sweep is over (`error.is_over`); or it is paused because of failures; or there is no other
                trial before one of this study is told; or none came in time.
            UsageError: the study is closed, or belongs to another process.
            ServerRefused: the server rejects the request.
        """
        self._check_usable()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._lock:
            seat = self._free.pop() if self._free else None
        seat = seat or self._open_seat()
        try:
            leased = wait_for_trial(seat, deadline=deadline, count_in_flight=self._in_flight.__len__)
        except BaseException:
            with self._lock:
                self._free.append(seat)
            raise
        return self._start(seat, leased)

    def tell(
        self,
        trial: StudyTrial | int | str,
        value: Any = None,
        *,
        state: ToldState = "finished",
        reason: str = "",
    ) -> None:
        """End a trial, with its value.

        The trial's objective is the best of its reported and told values, as for trials of agents. A value that is not
        finite does not count: the trial then has no value.

        Args:
            trial: the trial, its number or its id.
            value: a number, the value of the sweep's metric; or a map of metric names to values. It may be left out if
                values were reported, or if the trial did not finish.
            state: `finished`; `failed`; `stopped`, before its end; or `preempted`, which gives the trial back to the
                sweep. A trial that the sweep has stopped is `stopped` unless it failed.
            reason: why it ended so, in one line.

        Raises:
            UsageError: the trial is not in flight in this study, because it was told already or because the study never
                handed it out; or the value or the state is not allowed. Nothing was told.
            TrialLost: the trial no longer belongs to this study. The values stay in its run, but do not count.
            ServerRefused: the server rejects the request.
        """
        self._check_usable()
        asked = self._find(trial)
        ended: ToldState = checked_state(state)
        values = named_values(value, self._sweep.metric)
        if ended == "finished" and not asked.has_value and not asked.stop_reason:
            check_has_value(values, self._sweep.metric, number=asked.number)
        reason = text_argument("reason", reason)
        if ended == "failed":
            reason = reason or "the program told that it failed"
        held = self._take_from_flight(asked, ended)
        end = self._finish_run(asked, held, values, m.TrialEnd(ended, 1 if ended == "failed" else 0, reason))
        reported = held.seat.end(held.leased, end)
        is_expected = ended != "finished" or bool(asked.stop_reason)
        held.seat.ended.note(None if is_expected else reported)  # the server may say why there is no value
        with self._lock:
            self._free.append(held.seat)
        if _is_lost(reported, held.leased, ended):
            raise TrialLost(
                f"trial {asked.number} no longer belongs to this study, so its value does not count",
                hint="it had no heartbeat for a while, or a user has stopped it; `lightning-sweeps trial"
                f" {self.id}/{asked.number}` shows what happened",
            )

    @property
    def best(self) -> m.Trial | None:
        """The best trial so far, with all values that were told; None if no trial has a value."""
        return best(self.id)

    @property
    def trials(self) -> list[m.Trial]:
        """All trials of the sweep in the order of their numbers, with all values that were told."""
        with connect_up_to_date(warn) as client:
            wait_for_ends(client, self.id, timeout_s=DEFAULT_TIMEOUT_S)
            return client.trials(self.id)

    @property
    def in_flight(self) -> list[StudyTrial]:
        """The trials that this study has handed out and that were not told yet."""
        with self._lock:
            return [trial for trial, _ in self._in_flight.values()]

    def close(self) -> None:
        """Give the trials in flight back to the sweep, and end the study. The sweep stays as it is."""
        if self._is_closed or os.getpid() != self._pid:
            return
        self._is_closed = True
        _open_studies.remove(self)
        for trial in self.in_flight:
            self._give_back(trial)
        for seat in self._seats:
            seat.leave()

    def __iter__(self) -> Iterator[StudyTrial]:
        """Ask for trials until the sweep is over."""
        while True:
            try:
                trial = self.ask()
            except NoTrial as error:
                if error.is_over:
                    return
                raise
            yield trial

    def __enter__(self) -> Study:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Study(id={self.id!r}, in_flight={len(self._in_flight)})"

    def _check_usable(self) -> None:
        if self._is_closed:
            raise UsageError("the study is closed", hint=f"open it again: `lightning_sweeps.study({self.id!r})`")
        if os.getpid() != self._pid:
            raise UsageError(
                f"the study belongs to process {self._pid}, this is its fork {os.getpid()}",
                hint=f"open another one in this process: `lightning_sweeps.study({self.id!r})`",
            )

    def _open_seat(self) -> Seat:
        seat = Seat.open(self.id, next(self._seat_numbers), self._settings, self._journals)
        self._seats.append(seat)
        return seat

    def _start(self, seat: Seat, leased: m.Trial) -> StudyTrial:
        registration, trial = seat.registration, with_seed(leased, self._sweep)
        file = describe_trial(trial, self._sweep)
        run = open_run(
            Identity(ONE_PROCESS, leased.id, leased.attempt), RunOptions(), number=0, opens_late=False, asked_trial=file
        )
        run.expect_end("preempted", GIVEN_BACK)
        seat.switch_to("trials")
        registration.start(leased, start_local=True)
        spent_s = registration.accounting.totals(now=time.monotonic())
        lease = LeaseHeartbeat(registration.agent_id, leased.id, registration.lease_s, spent_s)
        held = HeldTrial(seat, leased, file, lease, self._journals)
        asked = StudyTrial(held, run)
        with self._lock:
            self._in_flight[asked.id] = asked, held
        self._heartbeats.add(lease)
        return asked

    def _find(self, given: StudyTrial | int | str) -> StudyTrial:
        """Return a trial in flight.

        Raises:
            UsageError: it was told, or this study never handed it out.
        """
        if not isinstance(given, StudyTrial | int | str):
            raise UsageError(
                f"`trial` is a `{type(given).__name__}`, allowed: a trial of this study, its number or its id"
            )
        for trial in self.in_flight:
            if given is trial or given in (trial.id, trial.number):
                return trial
        told = given.state if isinstance(given, StudyTrial) else self._told.get(given)
        name = f"trial {given.number}" if isinstance(given, StudyTrial) else f"trial `{given}`"
        if told is not None:
            raise UsageError(f"{name} was told already, as `{told}`", hint=_in_flight_hint(self.in_flight))
        raise UsageError(f"{name} was not asked for in this study", hint=_in_flight_hint(self.in_flight))

    def _take_from_flight(self, trial: StudyTrial, state: ToldState) -> HeldTrial:
        with self._lock:
            found = self._in_flight.pop(trial.id, None)
            if found is None:  # another thread told it
                raise UsageError(f"trial {trial.number} was told already, as `{trial.state}`")
            trial.state = self._told[trial.id] = self._told[trial.number] = state
        return found[1]

    def _finish_run(self, trial: StudyTrial, held: HeldTrial, values: dict[str, Any], end: m.TrialEnd) -> m.TrialEnd:
        """Log the last values, end the run and the heartbeats, and return the end with the journals to wait for."""
        if values:
            trial.run.log(values)
        is_stopped = bool(trial.stop_reason) and trial.state == "finished"
        trial.run.finish("stopped" if is_stopped else trial.state or "finished", reason=end.reason or trial.stop_reason)
        self._heartbeats.remove(held.lease)
        return replace(end, journals=self._journals.hand_over(trial.id))

    def _give_back(self, trial: StudyTrial) -> None:
        """End a trial as preempted. If the server does not answer, the lease expires."""
        held = self._take_from_flight(trial, "preempted")
        end = self._finish_run(trial, held, {}, m.TrialEnd("preempted", None, GIVEN_BACK))
        with contextlib.suppress(ServerError):
            held.seat.registration.end(held.leased, end)


def _in_flight_hint(trials: list[StudyTrial]) -> str:
    numbers = ", ".join(str(trial.number) for trial in trials)
    return f"in flight in this study: {numbers or 'none'}"


def _is_lost(reported: m.Trial, leased: m.Trial, told: ToldState) -> bool:
    """Return whether a trial did not belong to the study any more when its end was reported."""
    if told == "preempted":
        return False
    return reported.attempt != leased.attempt or reported.state in NOT_ENDED


_open_studies: list[Study] = []


@atexit.register
def _close_open_studies() -> None:
    for opened in list(_open_studies):
        opened.close()

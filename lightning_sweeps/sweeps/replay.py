"""Repeats the search of a sweep: the points that its method gives as a pure function of the recorded results.

The server records the order in which trials ended, and how many of these results each suggestion knew. With them and
the seed, a search method gives the same points again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.messages import SearchInputs, SweepChange, Trial
from lightning_sweeps.sweeps.config_changes import SEARCH_KEYS
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.methods import METHODS, Observation
from lightning_sweeps.sweeps.repeats import fold_all
from lightning_sweeps.sweeps.space import Space
from lightning_sweeps.sweeps.suggestion import check_suggestion
from lightning_sweeps.sweeps.user_point import keep_point


@dataclass(frozen=True, slots=True)
class ReplayedTrial:
    """A trial, and the point that the method gives for it.

    Attributes:
        trial: the trial.
        params: the point of the method; None if the space is exhausted.
    """

    trial: Trial
    params: dict[str, Any] | None

    @property
    def is_same(self) -> bool:
        """Whether the trial has the point of the method."""
        return self.trial.params == self.params


def last_search_change(changes: Sequence[SweepChange]) -> float | None:
    """Return when a user last changed the search of a sweep, in seconds since the epoch; None: never."""
    times = [change.time for change in changes if any(key in SEARCH_KEYS for key in change.detail.get("keys", ()))]
    return max(times, default=None)


def replay(
    definition: SweepDefinition, inputs: SearchInputs, trials: Sequence[Trial], *, since: float | None = None
) -> Iterator[ReplayedTrial]:
    """Yield each trial that the method chose, with the point that the method gives now.

    Values that running trials had logged before a suggestion are not recorded. They matter only to sweeps with failed
    trials or with `impute_while_running`. Trials that were ignored or discarded later also change the points after
    them.

    Args:
        definition: the sweep.
        inputs: what its search started with.
        trials: its trials.
        since: when a user last changed the search; trials that were chosen before are not repeated. None: never.
    """
    method = METHODS.get(definition.config.method)(definition.imputation)
    for trial in trials:
        if trial.chosen_by in (None, "user", "repeat") or (since is not None and trial.created < since):
            continue
        history = history_before(definition, inputs, trials, trial, has_changed=since is not None)
        suggestion = method.suggest(definition.space, history, number=trial.point, seed=inputs.seed)
        yield ReplayedTrial(trial, check_suggestion(definition.space, suggestion))


def history_before(
    definition: SweepDefinition, inputs: SearchInputs, trials: Sequence[Trial], trial: Trial, *, has_changed: bool
) -> list[Observation]:
    """Return what the method knew when it suggested a trial.

    Args:
        definition: the sweep.
        inputs: what its search started with.
        trials: its trials.
        trial: the suggested trial.
        has_changed: whether a user has changed the search: then only points of the new space count.
    """
    prior = [
        Observation(number, params, value, "finished", value)
        for number, (params, given) in enumerate(inputs.prior, 1 - len(inputs.prior))
        for value in [None if given is None else definition.sign * given]
    ]
    others = sorted(trials, key=lambda other: (other.point, other.number))
    before = (other for other in others if other.number < trial.number and not other.discarded)
    repeats = definition.config.repeats
    seen = fold_all(((other.point, _as_seen(other, trial, definition.sign)) for other in before), repeats)
    return _in_space(definition.space, [*prior, *seen]) if has_changed else [*prior, *seen]


def _in_space(space: Space, history: Sequence[Observation]) -> list[Observation]:
    points = [(trial, keep_point(space, trial.params)) for trial in history]
    return [dataclasses.replace(trial, params=point) for trial, point in points if point is not None]


def _as_seen(other: Trial, trial: Trial, sign: int) -> Observation:
    """Return a trial as the suggestion for a later one saw it."""
    if other.end_number is None or other.end_number > (trial.known_ends or 0):
        return Observation(other.point, other.params, None, "running")
    if other.ignored:
        return Observation(other.point, other.params, None, "lost")
    objective = None if other.objective is None else sign * other.objective
    last = None if other.last_objective is None else sign * other.last_objective
    return Observation(other.point, other.params, objective, other.state, last)

"""What the model of a sweep's method expects, from the trials in the database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from lightning_sweeps import messages as m
from lightning_sweeps.engine import change_log, sweeps, trials
from lightning_sweeps.engine.history import TrialHistory
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.model_view import sweep_model, trial_model
from lightning_sweeps.sweeps.replay import history_before, last_search_change


def plan_slices(connection: Connection, sweep_id: str) -> Callable[[], m.SweepModel]:
    """Return what computes the model's expectation along each parameter, through the best trial's point.

    A fit takes a while: call it after the transaction.

    Raises:
        NotFound: there is no such sweep.
    """
    sweep = sweeps.get_sweep(connection, sweep_id)
    definition = define_sweep(sweep.config)
    history = list(TrialHistory(connection, sweep_id, definition))
    seed = sweeps.search_inputs(connection, sweep_id).seed
    return partial(sweep_model, definition, history, sweep.best.params if sweep.best else None, seed=seed)


def plan_point(connection: Connection, trial_id: str) -> Callable[[], m.TrialModel | None] | None:
    """Return what computes the model's expectation of a trial's point when it suggested it; None if no model chose it.

    A fit takes a while: call it after the transaction.

    What running trials had logged then is not recorded, so that a point may differ a little from what was computed.

    Raises:
        NotFound: there is no such trial.
    """
    trial = trials.get_trial(connection, trial_id)
    if trial.chosen_by != "model":
        return None
    definition = define_sweep(sweeps.get_sweep(connection, trial.sweep).config)
    inputs, every = sweeps.search_inputs(connection, trial.sweep), trials.list_trials(connection, trial.sweep)
    since = last_search_change(change_log.list_changes(connection, trial.sweep))
    if since is not None and trial.created < since:
        return None  # the space was another one
    history = history_before(definition, inputs, every, trial, has_changed=since is not None)
    return partial(trial_model, definition, history, trial.params, number=trial.point, seed=inputs.seed)

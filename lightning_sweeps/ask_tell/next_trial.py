"""Waits for the next trial of a study, as long as one may come without the study doing something."""

from __future__ import annotations

import time
from collections.abc import Callable

from lightning_sweeps import messages as m
from lightning_sweeps.agents.function.agent import LEASE_WAIT_S, OVER
from lightning_sweeps.ask_tell.seat import POLL_S, Seat
from lightning_sweeps.errors import NoTrial


def wait_for_trial(seat: Seat, *, deadline: float | None, count_in_flight: Callable[[], int]) -> m.Trial:
    """Lease the next trial.

    Args:
        seat: a free seat.
        deadline: until when to wait (monotonic time); None: as long as a trial may come.
        count_in_flight: returns how many trials the study has in flight.

    Raises:
        NoTrial: no trial can come, or none came in time.
        ServerRefused: the server rejects the request.
    """
    sweep_id = seat.registration.sweep.id
    wait_s = 0.0 if count_in_flight() else LEASE_WAIT_S  # what is in flight may be all that there is
    while True:
        left_s = LEASE_WAIT_S if deadline is None else max(0.0, deadline - time.monotonic())
        lease = seat.registration.lease(wait_s=min(wait_s, left_s))
        if lease is not None and lease.trial is not None:
            return lease.trial
        if lease is not None:
            check_may_come(lease, sweep_id, in_flight=count_in_flight())
        if deadline is not None and time.monotonic() >= deadline:
            raise NoTrial(f"no trial of sweep `{sweep_id}` came in time", hint="ask again, with a longer `timeout_s`")
        if lease is None:
            time.sleep(max(POLL_S, seat.registration.connection.retry_in_s))
        wait_s = LEASE_WAIT_S


def check_may_come(lease: m.Lease, sweep_id: str, *, in_flight: int) -> None:
    """Check that a trial may come without the study telling one.

    Args:
        lease: the server's answer, without a trial.
        sweep_id: the sweep.
        in_flight: number of trials that the study has in flight.

    Raises:
        NoTrial: none can come.
    """
    because = f": {lease.reason}" if lease.reason else ""
    if lease.sweep_state in OVER:
        raise NoTrial(f"sweep `{sweep_id}` is {lease.sweep_state}{because}", is_over=True)
    if lease.has_failed:
        raise NoTrial(
            f"sweep `{sweep_id}` is paused{because}", hint=f"`lightning-sweeps sweep --resume {sweep_id}` continues it"
        )
    if 0 < lease.awaited <= in_flight:
        raise NoTrial(
            f"sweep `{sweep_id}` has no other trial before one of this study is told; it has {lease.awaited} in flight",
            hint="tell one, then ask again",
        )

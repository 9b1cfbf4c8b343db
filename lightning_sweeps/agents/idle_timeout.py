"""How long an agent without a trial goes on: until it is told to end, or has waited for too long."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from lightning_sweeps.agents.effects import Conductor
from lightning_sweeps.agents.server_connection import ServerLink
from lightning_sweeps.errors import EXIT_FAILURE, ServerUnreachable

GIVE_UP_S = 300.0
"""How long an agent without a trial waits for a server that does not answer."""


@dataclass(slots=True)
class Patience:
    """The clock of an agent without a trial.

    Attributes:
        limit_s: `--idle-timeout`; None: no limit.
        since: the end of the last trial, a monotonic time in seconds.
    """

    limit_s: float | None
    conductor: Conductor
    link: ServerLink
    since: float

    def left_s(self, *, now: float) -> float:
        """Return how many seconds are left; none when 0 or below."""
        return math.inf if self.limit_s is None else self.since + self.limit_s - now

    def status(self) -> int | None:
        """Hear the signals and look at the clock; return the exit status where the agent is to end.

        Raises:
            ServerUnreachable: the server has been gone for too long.
        """
        status = self.conductor.hear(now=time.monotonic())
        if status is not None:
            return status
        if self.link.gone_s > GIVE_UP_S:
            raise ServerUnreachable(
                f"the server has not answered for {self.link.gone_s:.0f} s: giving up",
                hint="start the agent again when the server is back",
            )
        if self.left_s(now=time.monotonic()) <= 0:
            self.conductor.say(f"no trial for {self.limit_s:g} s (`--idle-timeout`): giving up")
            return EXIT_FAILURE
        return None

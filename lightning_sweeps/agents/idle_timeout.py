"""Decides how long an agent waits for its next trial."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from lightning_sweeps.agents.effects import EffectHandler
from lightning_sweeps.agents.server_connection import ServerConnection
from lightning_sweeps.errors import EXIT_FAILURE, ServerUnreachable

GIVE_UP_S = 300.0
"""How long an agent without a trial waits for a server that does not answer."""


@dataclass(slots=True)
class IdleTimeout:
    """Ends an agent that has waited too long for a trial or for the server.

    Attributes:
        limit_s: the value of `--idle-timeout`; None for no limit.
        effects: handles signals and prints messages.
        connection: reports how long the server has been unreachable.
        since: monotonic time in seconds at which the last trial ended.
    """

    limit_s: float | None
    effects: EffectHandler
    connection: ServerConnection
    since: float

    def remaining_s(self, *, now: float) -> float:
        """Return the seconds until the timeout: infinite without a limit, 0 or less once it has passed."""
        return math.inf if self.limit_s is None else self.since + self.limit_s - now

    def check(self) -> int | None:
        """Handle signals and check the time; return the exit status if the agent must end.

        Raises:
            ServerUnreachable: the server has not answered for `GIVE_UP_S` seconds.
        """
        status = self.effects.handle_signals(now=time.monotonic())
        if status is not None:
            return status
        if self.connection.unreachable_s > GIVE_UP_S:
            raise ServerUnreachable(
                f"the server has not answered for {self.connection.unreachable_s:.0f} s: giving up",
                hint="start the agent again when the server is back",
            )
        if self.remaining_s(now=time.monotonic()) <= 0:
            self.effects.say(f"no trial for {self.limit_s:g} s (`--idle-timeout`): giving up")
            return EXIT_FAILURE
        return None

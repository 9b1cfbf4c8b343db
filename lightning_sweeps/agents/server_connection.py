"""The agent's line to the server: what fails for a while is tried again later, said once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import ServerError, ServerRefused, ServerUnreachable

T = TypeVar("T")

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
START_DEADLINE_S = 20.0
SERVER_FAULT = 500


class ServerLink:
    """One client, made anew when the server has moved: a local one that starts again has another port.

    Args:
        say: shows one line to the person.
        settings: which server, whose home folder.
    """

    def __init__(self, say: Callable[[str], None], settings: Settings) -> None:
        self._say = say
        self._settings = settings
        self._client: Client | None = None
        self._wait_s = FIRST_WAIT_S
        self._next_at = 0.0
        self._gone_since: float | None = None

    @property
    def gone_s(self) -> float:
        """How long the server has not answered; 0 while it does."""
        return 0.0 if self._gone_since is None else time.monotonic() - self._gone_since

    @property
    def ready_in_s(self) -> float:
        """How long to wait before the next attempt makes sense."""
        return max(0.0, self._next_at - time.monotonic())

    def open(self) -> Client:
        """Return the client, starting the local server where that is the one meant.

        Raises:
            ServerError: the server cannot be reached.
        """
        if self._client is None:
            self._client = connect(deadline_s=START_DEADLINE_S, settings=self._settings)
        return self._client

    def attempt(self, call: Callable[[Client], T], *, start_local: bool) -> T | None:
        """Call the server unless it is too early after a failure; return None where there was no answer.

        Raises:
            ServerRefused: the server has answered, with a refusal that another attempt will not change.
        """
        if self.ready_in_s > 0:
            return None
        try:
            if self._client is None:
                self._client = connect(start_local=start_local, deadline_s=START_DEADLINE_S, settings=self._settings)
            answer = call(self._client)
        except ServerRefused as error:
            if error.status < SERVER_FAULT:
                self._is_back()
                raise
            self._is_gone(error)
            return None
        except ServerError as error:
            self._is_gone(error)
            return None
        self._is_back()
        return answer

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _is_gone(self, error: ServerError) -> None:
        now = time.monotonic()
        if self._gone_since is None:
            self._gone_since = now
            self._say(f"{error.message}; trying again until it does")
        self._next_at = now + self._wait_s
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        if isinstance(error, ServerUnreachable):
            self.close()

    def _is_back(self) -> None:
        if self._gone_since is not None:
            self._say(f"the server answers again after {self.gone_s:.0f} s")
        self._gone_since = None
        self._wait_s, self._next_at = FIRST_WAIT_S, 0.0

"""The agent's connection to the server: retries with increasing delays and reports an outage once."""

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


class ServerConnection:
    """Calls the server through one client, and reconnects when the server has moved.

    A local server that restarts may have another port.

    Args:
        say: prints one line for the user.
        settings: the server to use, and the home folder of a local one.

    Attributes:
        longest_wait_s: the delays between attempts grow up to this.
    """

    def __init__(self, say: Callable[[str], None], settings: Settings) -> None:
        self._say = say
        self._settings = settings
        self._client: Client | None = None
        self.longest_wait_s = LONGEST_WAIT_S
        self._wait_s = FIRST_WAIT_S
        self._next_at = 0.0
        self._unreachable_since: float | None = None
        self._contact_at = time.monotonic()

    @property
    def unreachable_s(self) -> float:
        """Seconds since the server stopped answering; 0 while it answers."""
        return 0.0 if self._unreachable_since is None else time.monotonic() - self._unreachable_since

    @property
    def silent_s(self) -> float:
        """Seconds since the server, or its machine, answered at all; 0 if the last request was answered.

        A machine that refuses connections answers. An agent that was stopped itself asks before it counts.
        """
        return 0.0 if self._unreachable_since is None else time.monotonic() - self._contact_at

    @property
    def retry_in_s(self) -> float:
        """Seconds until the next attempt is allowed; 0 if it is allowed now."""
        return max(0.0, self._next_at - time.monotonic())

    def open(self) -> Client:
        """Return the client. Starts the local server if the settings name no other.

        Raises:
            ServerError: the server cannot be reached.
        """
        if self._client is None:
            self._client = connect(deadline_s=START_DEADLINE_S, settings=self._settings)
        return self._client

    def attempt(self, call: Callable[[Client], T], *, start_local: bool) -> T | None:
        """Call the server, unless the delay after a failure has not passed yet.

        Args:
            call: the operation.
            start_local: whether a local server may be started for it.

        Returns:
            What `call` returns, or None if the server did not answer.

        Raises:
            ServerRefused: the server rejects the request, and another attempt would not change that.
        """
        if self.retry_in_s > 0:
            return None
        try:
            if self._client is None:
                self._client = connect(
                    start_local=start_local, is_background=True, deadline_s=START_DEADLINE_S, settings=self._settings
                )
            answer = call(self._client)
        except ServerRefused as error:
            if error.status < SERVER_FAULT:
                self._note_answer()
                raise
            self._note_failure(error)
            return None
        except ServerError as error:
            self._note_failure(error)
            return None
        self._note_answer()
        return answer

    def call(self, call: Callable[[Client], T], *, waits: bool, sleep: Callable[[float], None] = time.sleep) -> T:
        """Call the server; with `waits`, again and again until it answers. Starts a local server.

        Args:
            call: the operation, which returns a value.
            waits: whether to wait for a server that does not answer.
            sleep: waits for this many seconds; it may raise an exception, which ends the wait.

        Raises:
            ServerRefused: the server rejects the request.
            ServerError: the server does not answer, and `waits` is false.
        """
        if not waits:
            return call(self.open())
        while (answer := self.attempt(call, start_local=True)) is None:
            sleep(self.retry_in_s)
        return answer

    def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _note_failure(self, error: ServerError) -> None:
        now = time.monotonic()
        if not isinstance(error, ServerUnreachable) or error.is_refused:
            self._contact_at = now
        if self._unreachable_since is None:
            self._unreachable_since = now
            self._say(f"{error.message}; retrying until it answers")
        self._next_at = now + self._wait_s
        self._wait_s = min(2 * self._wait_s, self.longest_wait_s)
        if isinstance(error, ServerUnreachable):
            self.close()

    def _note_answer(self) -> None:
        if self._unreachable_since is not None:
            self._say(f"the server answers again after {self.unreachable_s:.0f} s")
        self._unreachable_since = None
        self._contact_at = time.monotonic()
        self._wait_s, self._next_at = FIRST_WAIT_S, 0.0

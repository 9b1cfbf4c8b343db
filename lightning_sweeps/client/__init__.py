"""The HTTP client: one method per operation of the server, one file per subject."""

from __future__ import annotations

from lightning_sweeps.client.agents import AgentRoutes
from lightning_sweeps.client.alerts import AlertRoutes
from lightning_sweeps.client.journals import JournalRoutes
from lightning_sweeps.client.media import MediaRoutes
from lightning_sweeps.client.runs import RunRoutes
from lightning_sweeps.client.series import SeriesRoutes
from lightning_sweeps.client.server import ServerRoutes
from lightning_sweeps.client.sweeps import SweepRoutes


class Client(ServerRoutes, JournalRoutes, RunRoutes, SeriesRoutes, MediaRoutes, SweepRoutes, AgentRoutes, AlertRoutes):
    """A connection pool for one server and one API key. Do not share it between threads or processes.

    Args:
        url: address of the server, for example `http://host:port`.
        token: API key that every request carries.
        timeout_s: maximum time that a request waits for the next byte.
        ca_file: certificates (PEM) to check an `https://` server with (default: those of public authorities).

    Every method may raise `ServerUnreachable`, `Unauthorized`, `NotFound` or `ServerRefused`.
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

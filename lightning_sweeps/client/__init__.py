"""The server's operations over HTTP: one method each, one file a subject, as the messages have it."""

from __future__ import annotations

from lightning_sweeps.client.agents import AgentRoutes
from lightning_sweeps.client.journals import JournalRoutes
from lightning_sweeps.client.media import MediaRoutes
from lightning_sweeps.client.runs import RunRoutes
from lightning_sweeps.client.series import SeriesRoutes
from lightning_sweeps.client.server import ServerRoutes
from lightning_sweeps.client.sweeps import SweepRoutes


class Client(ServerRoutes, JournalRoutes, RunRoutes, SeriesRoutes, MediaRoutes, SweepRoutes, AgentRoutes):
    """One server, one API key, one connection pool. Not shared between threads or processes.

    Args:
        url: `http://host:port` of the server.
        token: the API key that every request carries.
        timeout_s: the longest that one request may wait for the next byte.
        ca_file: certificates to check the server's with, for `https://`; None: those of public authorities.

    Every method raises `ServerUnreachable`, `Unauthorized`, `NotFound` or `ServerRefused`.
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

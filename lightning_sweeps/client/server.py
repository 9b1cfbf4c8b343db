"""Operations of the server itself: health, logins and API keys."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport
from lightning_sweeps.errors import ServerRefused


class ServerRoutes(Transport):
    """Operations of the server itself."""

    def health(self) -> m.Health:
        """Return the version and the state of the server."""
        return self._get("/api/health", m.Health)

    def unanswered(self) -> list[m.UnansweredOperation]:
        """Return operations of other tools' clients that the server had no answer for, most frequent first."""
        return self._get("/api/unanswered", list[m.UnansweredOperation])

    def space(
        self, by: m.SpaceBy, *, project: str | None = None, run: str | None = None, limit: int = 100
    ) -> m.SpaceReport:
        """Return the space that projects, runs or keys take, the largest first. Needs the role `admin`."""
        params = {"by": by, "project": project, "run": run, "limit": limit}
        return self._get("/api/space", m.SpaceReport, params)

    def clock(self) -> float:
        """Return the server's time in seconds since the epoch, without fractions."""
        date = self._talk("GET", "/api/health").headers.get("Date", "")
        try:
            return parsedate_to_datetime(date).timestamp()
        except ValueError:
            raise ServerRefused(f"the server at `{self.url}` sends no date, but `{date}`") from None

    def login_link(self) -> m.LoginLink:
        """Return a link that logs a browser in to the dashboard. It works once."""
        return self._post("/api/login", m.LoginLink)

    def view_ticket(self) -> m.ViewTicket:
        """Return a ticket that shows a view of the dashboard inside another page. It works once."""
        return self._post("/api/views", m.ViewTicket)

    def create_key(self, key: m.KeyCreate) -> m.KeyCreated:
        """Create an API key. Needs the role `admin`."""
        return self._post("/api/keys", m.KeyCreated, key)

    def api_keys(self) -> list[m.ApiKey]:
        """Return the server's API keys. Needs the role `admin`."""
        return self._get("/api/keys", list[m.ApiKey])

    def revoke_key(self, name: str) -> list[m.ApiKey]:
        """Revoke the API keys of this name and return them. Needs the role `admin`."""
        return self._call("POST", "/api/keys/revoke", list[m.ApiKey], params={"name": name})

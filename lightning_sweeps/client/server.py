"""The server itself: whether it is there, who may use it."""

from __future__ import annotations

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport


class ServerRoutes(Transport):
    def health(self) -> m.Health:
        return self._get("/api/health", m.Health)

    def login_link(self) -> m.LoginLink:
        """Return a link that logs a browser in to the dashboard, once."""
        return self._post("/api/login", m.LoginLink)

    def view_ticket(self) -> m.ViewTicket:
        """Return a ticket that shows one view of the dashboard inside another page, once."""
        return self._post("/api/views", m.ViewTicket)

    def create_key(self, key: m.KeyCreate) -> m.KeyCreated:
        """Make an API key; takes the role admin, as the next two do."""
        return self._post("/api/keys", m.KeyCreated, key)

    def keys_of_server(self) -> list[m.ApiKey]:
        return self._get("/api/keys", list[m.ApiKey])

    def revoke_key(self, name: str) -> list[m.ApiKey]:
        return self._call("POST", "/api/keys/revoke", list[m.ApiKey], params={"name": name})

"""Who sends a request of a wandb client, and the parts of the server that answer it."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.server.protocols import caller
from lightning_sweeps.server.protocols.wandb.names import Entities, project_name
from lightning_sweeps.server.security.api_keys import ApiKeys
from lightning_sweeps.store.project_access import check_project


@dataclass(frozen=True, slots=True)
class Caller(caller.ClientCaller):
    """Who sends a request, and what answers it.

    Attributes:
        entities: the entities that clients may name.
        address: address of this server, as the client writes it.
        authorization: the header with the API key, for uploads that the client is asked to make.
        keys: the API keys of the server: the one of the request signs addresses of downloads.
    """

    entities: Entities
    address: str
    authorization: str
    keys: ApiKeys

    def project(self, entity: str | None, given: str | None) -> str:
        """Return the name of the project that a request is about.

        Raises:
            NotFound: the server has no such entity.
            UsageError: the name is not allowed.
            Forbidden: the API key is limited to other projects.
        """
        self.entities.check(entity)
        name = project_name(given)
        check_project(self.sender.projects, name)
        return name

"""Who sends a request, and the parts of the server that answers it."""

from __future__ import annotations

from dataclasses import dataclass, field

from lightning_sweeps.errors import Forbidden
from lightning_sweeps.messages import Role
from lightning_sweeps.server.context import StorageLimits
from lightning_sweeps.server.journal_parts import Sender
from lightning_sweeps.server.process.sweep_control import Control
from lightning_sweeps.server.protocols.wandb.names import Entities, project_name
from lightning_sweeps.server.security.api_keys import ApiKeys
from lightning_sweeps.server.security.permissions import refused_role
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.project_access import check_project


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and what answers it.

    Attributes:
        store: the database.
        contents: storage of media files and artifacts.
        limits: maximum sizes of these.
        sender: the API key's name and projects.
        control: the state of sweeps.
        role: what the API key permits.
        entities: the entities that clients may name.
        address: address of this server, as the client writes it.
        authorization: the header with the API key, for uploads that the client is asked to make.
        keys: the API keys of the server: the one of the request signs addresses of downloads.
        changed_sweeps: ids of sweeps that the request has changed; the caller announces them.
    """

    store: Store
    contents: BlobStorage
    limits: StorageLimits
    sender: Sender
    control: Control
    role: Role
    entities: Entities
    address: str
    authorization: str
    keys: ApiKeys
    changed_sweeps: set[str | None] = field(default_factory=set)

    def may_write(self) -> bool:
        """Return whether the API key may change something."""
        return self.role != "read"

    def check_writes(self) -> None:
        """Check that the API key may change something.

        Raises:
            Forbidden: it may only read.
        """
        if not self.may_write():
            problem = refused_role(self.sender.key_name, self.role, "write")
            raise Forbidden(problem.message, status=403, hint=problem.hint)

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

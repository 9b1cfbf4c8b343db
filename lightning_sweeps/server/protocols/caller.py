"""Who sends a request of another tool's client, and the parts of the server that answer it."""

from __future__ import annotations

from dataclasses import dataclass, field

from lightning_sweeps.errors import Forbidden
from lightning_sweeps.messages import Role
from lightning_sweeps.server.context import StorageLimits
from lightning_sweeps.server.journal_parts import Sender
from lightning_sweeps.server.process.sweep_control import Control
from lightning_sweeps.server.security.permissions import refused_role
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store


@dataclass(frozen=True, slots=True)
class ClientCaller:
    """Who sends a request, and what answers it.

    Attributes:
        store: the database.
        contents: storage of media files and artifacts.
        limits: maximum sizes of these.
        sender: the API key's name and projects.
        control: the state of sweeps.
        role: what the API key permits.
        changed_sweeps: ids of sweeps that the request has changed; the caller announces them.
    """

    store: Store
    contents: BlobStorage
    limits: StorageLimits
    sender: Sender
    control: Control
    role: Role
    changed_sweeps: set[str | None] = field(default_factory=set, kw_only=True)

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

"""Who sends a request of an MLflow client, and the parts of the server that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from lightning_sweeps.server.context import ContentsDep, RoleDep, StoreDep
from lightning_sweeps.server.process.sweep_control import ControlDep
from lightning_sweeps.server.protocols import caller
from lightning_sweeps.server.routes.journals import SenderDep


@dataclass(frozen=True, slots=True)
class MlflowCaller(caller.ClientCaller):
    """Who sends a request, and what answers it.

    Attributes:
        host: the address of the client, which does not say the name of its machine.
    """

    host: str


async def get_caller(
    request: Request, store: StoreDep, contents: ContentsDep, sender: SenderDep, control: ControlDep, role: RoleDep
) -> MlflowCaller:
    """Return who sends the request."""
    host = request.client.host if request.client is not None else "unknown"
    return MlflowCaller(store, contents, request.app.state.limits, sender, control, role, host=host)


CallerDep = Annotated[MlflowCaller, Depends(get_caller)]

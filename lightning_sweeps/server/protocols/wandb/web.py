"""Reads the requests of wandb clients, and writes answers in their form."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from lightning_sweeps.errors import LightningSweepsError
from lightning_sweeps.server.context import ContentsDep, KeysDep, RoleDep, StoreDep
from lightning_sweeps.server.process.sweep_control import ControlDep
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.refusals import error_fields
from lightning_sweeps.server.routes.journals import SenderDep


async def get_caller(
    request: Request,
    store: StoreDep,
    contents: ContentsDep,
    sender: SenderDep,
    control: ControlDep,
    role: RoleDep,
    keys: KeysDep,
) -> Caller:
    """Return who sends the request."""
    state = request.app.state
    return Caller(
        store,
        contents,
        state.limits,
        sender,
        control,
        role,
        entities=state.wandb_entities,
        address=str(request.base_url).rstrip("/"),
        authorization=request.headers.get("authorization", ""),
        keys=keys,
    )


CallerDep = Annotated[Caller, Depends(get_caller)]


def errors(status: int, error: LightningSweepsError) -> Response:
    """Return an error in the form that clients read."""
    return answer(status, error_fields(error.message, error.hint))


def answer(status: int, body: dict[str, Any]) -> Response:
    """Return a response with a JSON body."""
    return Response(json.dumps(body, default=str), status_code=status, media_type="application/json")

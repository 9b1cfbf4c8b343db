"""Answers who the client is, and what the server can do."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.names import ANY_ENTITY, ENTITY

NEWEST_CLIENT = "99.0.0"
"""Clients that are newer than the server's answer say that the server is too old. Every client is accepted."""


def viewer(_: object, caller: Caller) -> dict[str, Any]:
    """Return the user that the API key stands for."""
    return describe_user(caller, caller.sender.key_name or ENTITY)


def describe_user(caller: Caller, name: str) -> dict[str, Any]:
    """Return a user as clients read it."""
    return {
        "id": name,
        "entity": ENTITY,
        "username": name,
        "name": name,
        "email": "",
        "flags": "{}",
        "admin": caller.role == "admin",
        "teams": {"edges": [{"node": {"id": one, "name": one}} for one in _entities(caller)]},
        "apiKeys": {"edges": []},
    }


def server_info(_: object, __: Caller) -> dict[str, Any]:
    """Return what the server can do. Optional parts of W&B's servers are off."""
    return {"features": [], "cliVersionInfo": {"max_cli_version": NEWEST_CLIENT}, "latestLocalVersionInfo": None}


def entity(_: object, caller: Caller, name: str | None = None) -> dict[str, Any]:
    """Return an entity that clients may name."""
    return describe_entity(caller.entities.check(name))


def describe_entity(name: str) -> dict[str, Any]:
    """Return an entity as clients read it."""
    organization = {"name": name, "coreWeaveOrganizationId": None, "orgEntity": None}
    return {"id": name, "name": name, "isTeam": True, "organization": organization, "xxhashDigestsEnabled": False}


def _entities(caller: Caller) -> list[str]:
    return [ENTITY, *sorted(caller.entities.further - {ENTITY, ANY_ENTITY})]

"""Makes the routers of the server: every route checks which projects a key is limited to.

FastAPI builds the models of a route when it is declared, and once more if the route is included in an application.
So everything that all routes share is declared with the router, and the application takes the finished routes over:
that saves half of the server's start.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from lightning_sweeps.messages import Problem
from lightning_sweeps.server.security.project_scope import check_scope

REFUSED = (401, 403, 422)
"""Statuses that every route may answer with."""


def scoped_router(*tags: str, not_found: bool = False, **options: Any) -> APIRouter:
    """Return a router without routes.

    Args:
        tags: where the API's documentation lists the routes.
        not_found: the routes answer 404 if the object in their path does not exist.
        options: further arguments of `APIRouter`.
    """
    statuses = (*REFUSED, 404) if not_found else REFUSED
    return APIRouter(
        tags=list(tags),
        dependencies=[Depends(check_scope)],
        responses={status: {"model": Problem} for status in statuses},
        **options,
    )


def take_routes(app: FastAPI, router: APIRouter) -> None:
    """Add the finished routes of a router to an application.

    Raises:
        TypeError: a route does not check the scope of keys.
    """
    for route in router.routes:
        if all(one.dependency is not check_scope for one in getattr(route, "dependencies", ())):
            raise TypeError(
                f"`{getattr(route, 'path', route)}` is open to every key: make its router by `scoped_router`"
            )
    app.router.routes.extend(router.routes)

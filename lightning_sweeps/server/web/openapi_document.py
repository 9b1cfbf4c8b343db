"""Makes the OpenAPI document exact enough to generate a client's types from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI

Document = dict[str, Any]

_REFERENCE = "#/components/schemas/"


def install(app: FastAPI) -> None:
    """Replace the OpenAPI document of `app` with the exact one. Call it after the last route was added."""
    app.openapi = _exact(app.openapi)  # type: ignore[method-assign]


def require_response_fields(document: Document) -> None:
    """Mark every field of the schemas that only the server sends as required.

    The server always sends all fields of a response. FastAPI marks those that have a default as optional, which is
    right only for requests.
    """
    schemas = document["components"]["schemas"]
    sent_by_clients = _reachable(schemas, _references(list(_request_bodies(document))))
    for name, schema in schemas.items():
        if name not in sent_by_clients and "properties" in schema:
            schema["required"] = list(schema["properties"])


def _exact(make: Callable[[], Document]) -> Callable[[], Document]:
    def openapi() -> Document:
        document = make()  # FastAPI makes it once and keeps it
        require_response_fields(document)
        return document

    return openapi


def _request_bodies(document: Document) -> Iterator[Document]:
    for operations in document["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                yield operation["requestBody"]


def _reachable(schemas: Document, names: set[str]) -> set[str]:
    """Return `names` and the schemas that they refer to, directly or through others."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(value: Any) -> set[str]:
    """Return the names of all schemas that a part of the document refers to."""
    if isinstance(value, dict):
        own = {value["$ref"].removeprefix(_REFERENCE)} if "$ref" in value else set()
        return own.union(*(_references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(inner) for inner in value))
    return set()

"""Serves the API reference at /api/docs, made from the OpenAPI document without any other host."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from lightning_sweeps.server.security.scoped_router import scoped_router

router = scoped_router(include_in_schema=False)

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font-family:ui-monospace,monospace}h3{margin:1.6rem 0 .2rem}td{padding:.1rem 1.2rem .1rem 0}"
)


@router.get("/api/docs", response_class=HTMLResponse)
def reference(request: Request) -> HTMLResponse:
    """Return the API reference as a page."""
    return HTMLResponse(render(request.app.openapi()))


def render(described: dict[str, Any]) -> str:
    """Return the reference page of an OpenAPI document."""
    title = escape(f"{described['info']['title']} {described['info']['version']}")
    return "".join(
        [
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>",
            f"<h1>{title}: routes</h1><p>For programs: <a href=/api/openapi.json>/api/openapi.json</a>.</p>",
            *_routes(described),
            "<h2>Request and response bodies</h2>",
            *_schemas(described["components"]["schemas"]),
            "</html>",
        ]
    )


def _routes(described: dict[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            by_tag.setdefault(route.get("tags", ["other"])[0], []).append(_route(path, method, route))
    for tag, routes in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>"
        yield from routes


def _route(path: str, method: str, route: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(given['name'])}</code><td>{_kind(given['schema'])}"
        f"<td>{escape(given['in'])}{', required' if given.get('required') else ''}"
        f"<td>{escape(given.get('description', ''))}"
        for given in route.get("parameters", [])
    ]
    bodies = [*route.get("requestBody", {}).get("content", {}).items()]
    rows += [f"<tr><td>body<td>{_kind(body.get('schema', {}))}<td>{escape(kind)}<td>" for kind, body in bodies]
    answers = route["responses"].get("200", {}).get("content", {}).values()
    rows += [f"<tr><td>response<td>{_kind(answer.get('schema', {}))}<td><td>" for answer in answers]
    text = escape(route.get("description", ""))
    return f"<h3><code>{method.upper()} {escape(path)}</code></h3><div>{text}</div><table>{''.join(rows)}</table>"


def _schemas(schemas: dict[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        rows = [
            f"<tr><td><code>{escape(field)}</code><td>{_kind(value)}<td>{escape(value.get('description', ''))}"
            for field, value in schema.get("properties", {}).items()
        ]
        text = escape(schema.get("description", ""))
        yield f"<h3 id={escape(name)}><code>{escape(name)}</code></h3><div>{text}</div><table>{''.join(rows)}</table>"


def _kind(schema: dict[str, Any]) -> str:
    """Return a short description of a value's type."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href=#{name}>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return escape(", ".join(map(str, schema["enum"])))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return escape(str(schema.get("type", "anything")))

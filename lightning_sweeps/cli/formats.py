"""Lists the members of a registry of file formats for `import --list-formats` and `export --list-formats`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import typer

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.errors import UsageError

Member = TypeVar("Member")


def list_formats(registry: Registry[Member]) -> Iterator[tuple[str, Member]]:
    """Yield every format that can be loaded. For each other format, print the reason."""
    for name in registry.names():
        try:
            yield name, registry.get(name)
        except UsageError as error:
            typer.echo(f"error: {error}", err=True)

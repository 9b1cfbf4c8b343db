"""`lightning-sweeps key`: creates, lists and revokes API keys of the server."""

from __future__ import annotations

import time
from dataclasses import asdict
from enum import Enum

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.cli.quick_group import QuickGroup
from lightning_sweeps.core.durations import DAY_S

if not is_help_only():
    from lightning_sweeps.cli.tables import console, print_json, table
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.messages import KeyCreate

app = typer.Typer(
    cls=QuickGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Create, list and revoke API keys of the server. This needs a key with the role admin.",
)


class KeyRole(str, Enum):
    """Role of an API key."""

    read = "read"
    write = "write"
    admin = "admin"


ROLE = typer.Option(
    KeyRole.write,
    "--role",
    help="read, write (can also log, run agents and change sweeps, and so run programs on the machines of agents)"
    " or admin (can also manage keys).",
)
PROJECTS = typer.Option(
    [],
    "--project",
    autocompletion=suggestions.projects,
    help="Limit the key to this project. May be repeated (default: all projects).",
)


@app.command()
def create(
    name: str = typer.Argument(help="Name of the key, for example of a person or a machine. Must be unique."),
    role: KeyRole = ROLE,
    days: float | None = typer.Option(None, "--days", min=0.001, help="Days until the key expires (default: never)."),
    project: list[str] = PROJECTS,
    as_json: bool = AS_JSON,
) -> None:
    """Create a key and print it. It cannot be shown again.

    An agent runs the program of its sweep. Whoever has a key with the role `write` can create a sweep, and so run
    programs on every machine whose agents take part. Limit keys with --project, and agents with --only-project,
    --allow-program and --allow-command.
    """
    lasts_s = None if days is None else days * DAY_S
    with connect() as client:
        made = client.create_key(KeyCreate(name, role.value, lasts_s, project or None))
    if as_json:
        print_json(asdict(made) | {"url": made.url or client.url})
        return
    typer.echo(f"LIGHTNING_SWEEPS_URL={made.url or client.url}\nLIGHTNING_SWEEPS_API_KEY={made.key}")


@app.command(name="list")
def list_keys(as_json: bool = AS_JSON) -> None:
    """List the keys with their roles and expiry dates."""
    with connect() as client:
        keys = client.api_keys()
    if as_json:
        print_json([asdict(key) for key in keys])
        return
    rows = [
        [key.name, key.role, _day(key.created), _day(key.expires), ", ".join(key.projects or ["all"])] for key in keys
    ]
    console().print(table(["name", "role", "created", "expires", "projects"], rows))


@app.command()
def revoke(name: str = typer.Argument(autocompletion=suggestions.api_keys, help="Name of the key.")) -> None:
    """Revoke an API key."""
    with connect() as client:
        client.revoke_key(name)
    typer.echo(f"Revoked the key `{name}`.")


def _day(moment: float | None) -> str:
    return "never" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))

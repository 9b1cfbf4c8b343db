"""`lightning-sweeps key`: make, list and revoke the server's API keys."""

from __future__ import annotations

import time
from enum import Enum

import typer

from lightning_sweeps.cli.tables import console, table
from lightning_sweeps.client.connection import connect
from lightning_sweeps.messages import KeyCreate

DAY_S = 86400.0

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Make, list and revoke the server's API keys. It takes a key of the role admin.",
)


class KeyRole(str, Enum):
    """What a key may do."""

    read = "read"
    write = "write"
    admin = "admin"


ROLE = typer.Option(KeyRole.write, "--role", help="read: look; write: also log, run agents, change sweeps; admin: all.")


@app.command()
def create(
    name: str = typer.Argument(help="Whose or what for; unique."),
    role: KeyRole = ROLE,
    days: float | None = typer.Option(None, "--days", min=0.001, help="Expires after so many days (default: never)."),
) -> None:
    """Make a key and print it: the only time that it is shown."""
    lasts_s = None if days is None else days * DAY_S
    with connect() as client:
        made = client.create_key(KeyCreate(name, role.value, lasts_s))
    typer.echo(f"LIGHTNING_SWEEPS_URL={client.url}\nLIGHTNING_SWEEPS_API_KEY={made.key}")


@app.command(name="list")
def list_keys() -> None:
    """List the keys by name, with role and expiry."""
    with connect() as client:
        keys = client.api_keys()
    rows = [[key.name, key.role, _day(key.created), _day(key.expires)] for key in keys]
    console().print(table(["name", "role", "created", "expires"], rows))


@app.command()
def revoke(name: str = typer.Argument(help="The key's name.")) -> None:
    """Let a key in no more."""
    with connect() as client:
        client.revoke_key(name)
    typer.echo(f"The key `{name}` is let in no more.")


def _day(moment: float | None) -> str:
    return "never" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))

"""`lightning-sweeps server`: runs a server in the foreground, or manages the server of this machine."""

from __future__ import annotations

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.errors import ServerError, ServerUnreachable, UsageError
from lightning_sweeps.server.process.options import LOOPBACK, LogFormat

if not is_help_only():
    from lightning_sweeps.cli.stop_server import stop_server
    from lightning_sweeps.cli.tables import print_json
    from lightning_sweeps.client import Client
    from lightning_sweeps.core.handover import ServerFile
    from lightning_sweeps.core.paths import Home
    from lightning_sweeps.core.settings import read_settings
    from lightning_sweeps.server.context import gigabytes
    from lightning_sweeps.server.process.certificate import certificate_of
    from lightning_sweeps.server.process.retention import row_rules
    from lightning_sweeps.server.process.serve import serve
    from lightning_sweeps.system.local_server import read_server_file
    from lightning_sweeps.system.node import node_id

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


Format = typer.Option("text", "--log-format", help="Format of log lines: plain text or JSON objects.")
AllowedHosts = typer.Option(
    [], "--allowed-host", help="Host name that browsers may use besides those of this machine. May be repeated."
)
ThinRows = typer.Option(
    [],
    "--thin-rows",
    metavar="AGE",
    help="Thin the rows of runs that ended this long ago: 30d, or PROJECT=7d for one project. May be repeated.",
)
KeepRows = typer.Option(
    [],
    "--keep-rows",
    metavar="AGE",
    help="Delete the rows of runs that ended this long ago: 90d, or PROJECT=forever. May be repeated.",
)
QuotaRows = typer.Option(
    [],
    "--quota-rows",
    metavar="N",
    help="Number of rows that a project may have: 50M, or PROJECT=unlimited. More wait on their machines."
    " May be repeated.",
)
TrustedProxies = typer.Option(
    [],
    "--trusted-proxy",
    help="Address or network of a proxy that tells the address of clients (X-Forwarded-For). May be repeated.",
)
EmbedOrigins = typer.Option(
    [], "--embed-origin", help="Origin of pages that may show a view: https://jupyter.example.org. May be repeated."
)
Alerts = typer.Option(
    [],
    "--alert",
    help="Channel for alerts: webhook=URL, apprise=URL (Slack, Discord, mail) or command=PROGRAM; team:webhook=URL"
    " names it `team`. May be repeated. `lightning-sweeps alerts` chooses what they are about.",
)


@app.command()
def server(
    host: str = typer.Option(LOOPBACK, "--host", help="Address to listen on. 0.0.0.0: all addresses."),
    port: int = typer.Option(
        0, "--port", min=0, max=65535, help="Port to listen on. 0: the port of the last server, or a free one."
    ),
    database: str | None = typer.Option(
        None,
        "--database",
        help="sqlite:///file or postgresql://user@host/name (default: SQLite in the home).",
    ),
    blobs: str | None = typer.Option(
        None, "--blobs", help="Folder, or URL such as s3://bucket/folder, for media files and artifacts."
    ),
    max_file_gb: float = typer.Option(50.0, "--max-file-gb", help="Maximum size of a file, in GB."),
    quota_gb: float | None = typer.Option(
        None, "--quota-gb", help="Maximum total size of the files of a project, in GB (default: no limit)."
    ),
    thin_rows: list[str] = ThinRows,
    keep_rows: list[str] = KeepRows,
    quota_rows: list[str] = QuotaRows,
    allowed_host: list[str] = AllowedHosts,
    trusted_proxy: list[str] = TrustedProxies,
    embed_origin: list[str] = EmbedOrigins,
    tls_certificate: str | None = typer.Option(
        None, "--tls-certificate", help="Certificate with its chain, for HTTPS (PEM)."
    ),
    tls_key: str | None = typer.Option(None, "--tls-key", help="Private key of the certificate (PEM)."),
    public_url: str = typer.Option(
        "", "--public-url", help="Address that others use, for example of a reverse proxy: https://sweeps.example.org."
    ),
    root_path: str = typer.Option(
        "", "--root-path", help="Path below which a proxy serves the dashboard: /sweeps. Only browsers use it."
    ),
    alert: list[str] = Alerts,
    log_format: LogFormat = Format,
    where: bool = typer.Option(False, "--where", help="Print the address of this machine's server."),
    show: bool = typer.Option(
        False,
        "--show",
        help="Print the address and the API key of this machine's server, as settings for other machines and wandb.",
    ),
    unanswered: bool = typer.Option(
        False,
        "--unanswered",
        help="List what clients of wandb and MLflow asked this server for in vain, since it started.",
    ),
    stop: bool = typer.Option(False, "--stop", help="Stop this machine's server."),
    as_json: bool = AS_JSON,
) -> None:
    """Run a server until Ctrl-C.

    On a single machine you do not need this command: other commands start a server when they need one.

    For a team, run the server where every machine can reach it. On the other machines, set LIGHTNING_SWEEPS_URL and
    LIGHTNING_SWEEPS_API_KEY to the values that `lightning-sweeps server --show` prints on the server's machine.
    """
    if where + show + stop + unanswered > 1:
        raise UsageError("at most one of `--where`, `--show`, `--unanswered` and `--stop` is allowed")
    settings = read_settings()
    home = Home(settings.home)
    if as_json and not (where or show):
        raise UsageError("`--json` was given alone, allowed: with `--where` or `--show`")
    if as_json:
        _print_as_json(home, has_key=show)
    elif where:
        _where(home)
    elif show:
        _show(home)
    elif unanswered:
        _list_unanswered(home)
    elif stop:
        _stop(home)
    else:
        status = serve(
            home,
            host=host,
            port=port,
            database=database,
            api_key=settings.api_key,
            blobs=blobs,
            limits=gigabytes(max_file_gb, quota_gb),
            allowed_hosts=allowed_host,
            embed_origins=embed_origin,
            trusted_proxies=trusted_proxy,
            certificate=certificate_of(tls_certificate, tls_key),
            public_url=public_url,
            root_path=root_path,
            alerts=alert,
            rows=row_rules(settings, thin=thin_rows, keep=keep_rows, quota=quota_rows),
            log_format=log_format,
            say=typer.echo,
        )
        raise typer.Exit(status)


def _print_as_json(home: Home, *, has_key: bool) -> None:
    """Print the address of the server, and its API key if `has_key`."""
    file = _running(home)
    where = {"url": file.url, "public_url": file.public_url}
    print_json(where | {"api_key": file.token} if has_key else where)


def _where(home: Home) -> None:
    file = _running(home)
    typer.echo(f"The server is at {file.url}.")
    typer.echo(f"API docs: {file.url}/api/docs (any user name; the password is the API key that `--show` prints).")
    typer.echo("It runs until `lightning-sweeps server --stop`.")


def _running(home: Home) -> ServerFile:
    file = read_server_file(home.server_file)
    if file is None:
        raise ServerUnreachable(
            f"no server runs on the home folder `{home.root}`", hint="commands start one when they need it"
        )
    return file


def _show(home: Home) -> None:
    file = _running(home)
    url = file.public_url or file.url
    typer.echo(f"LIGHTNING_SWEEPS_URL={url}\nLIGHTNING_SWEEPS_API_KEY={file.token}")
    typer.echo(f"WANDB_BASE_URL={url}\nWANDB_API_KEY={file.token}")


def _list_unanswered(home: Home) -> None:
    file = _running(home)
    with Client(file.url, file.token) as client:
        found = client.unanswered()
    for one in found:
        typer.echo(f"{one.count} x {one.operation}: {one.reason}")
    if not found:
        typer.echo("wandb and MLflow clients have asked for nothing that this server does not answer.")


def _stop(home: Home) -> None:
    running = read_server_file(home.server_file)
    if running is not None and running.node not in ("", node_id()):
        raise ServerError(
            f"the server of the home folder `{home.root}` runs on `{running.host}`, another container or machine",
            hint="stop it there",
        )
    file = stop_server(home)
    if file is None:
        typer.echo(f"No server runs on the home folder `{home.root}`.")
        return
    typer.echo(
        f"Stopped the server at {file.url}. Rows wait in the journals until a command needs a server, or until"
        " `lightning-sweeps server` starts one."
    )

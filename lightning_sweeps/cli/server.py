"""`lightning-sweeps server`: run one in the foreground, or manage this machine's own."""

from __future__ import annotations

import signal
import time

import psutil
import typer

from lightning_sweeps.client.connection import read_server_file
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import ServerError, ServerUnreachable, UsageError
from lightning_sweeps.server.context import gigabytes
from lightning_sweeps.server.process.address import LOOPBACK
from lightning_sweeps.server.process.certificate import certificate_of
from lightning_sweeps.server.process.logs import LogFormat
from lightning_sweeps.server.process.serve import serve

STOP_DEADLINE_S = 10.0
LOOK_INTERVAL_S = 0.02

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


Format = typer.Option("text", "--log-format", help="Log lines as text, or as JSON objects.")
AllowedHosts = typer.Option(
    [], "--allowed-host", help="A name under which browsers may ask, besides this machine's own; may be repeated."
)
EmbedOrigins = typer.Option(
    [], "--embed-origin", help="Pages that may show a view, e.g. https://jupyter.example.org; may be repeated."
)


@app.command()
def server(
    host: str = typer.Option(LOOPBACK, "--host", help="The address to listen on; 0.0.0.0 for all."),
    port: int = typer.Option(0, "--port", min=0, max=65535, help="The port; 0 takes a free one."),
    database: str | None = typer.Option(
        None, "--database", help="sqlite:///file or postgresql://user:password@host/name (default: SQLite in the home)."
    ),
    blobs: str | None = typer.Option(
        None, "--blobs", help="The folder, or a URL such as s3://bucket/folder, for files of media and artifacts."
    ),
    max_file_gb: float = typer.Option(50.0, "--max-file-gb", help="The largest single file, in GB."),
    quota_gb: float | None = typer.Option(None, "--quota-gb", help="How much of files a project may keep, in GB."),
    allowed_host: list[str] = AllowedHosts,
    embed_origin: list[str] = EmbedOrigins,
    tls_certificate: str | None = typer.Option(None, "--tls-certificate", help="For HTTPS: the certificate (PEM)."),
    tls_key: str | None = typer.Option(None, "--tls-key", help="For HTTPS: the certificate's key (PEM)."),
    log_format: LogFormat = Format,
    where: bool = typer.Option(False, "--where", help="Say where this machine's own server is."),
    show: bool = typer.Option(False, "--show", help="Print its address and its key as settings for other machines."),
    stop: bool = typer.Option(False, "--stop", help="End this machine's own server."),
) -> None:
    """Run a server until Ctrl-C. On one machine you need none: commands start one by themselves.

    A team: run it where all can reach it, and on every other machine set LIGHTNING_SWEEPS_URL to its address and
    LIGHTNING_SWEEPS_API_KEY to its key (`lightning-sweeps server --show` prints both there).
    """
    if where + show + stop > 1:
        raise UsageError("more than one of --where, --show, --stop was given, allowed: one")
    settings = read_settings()
    home = Home(settings.home)
    if where:
        _where(home)
    elif show:
        _show(home)
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
            certificate=certificate_of(tls_certificate, tls_key),
            log_format=log_format,
            say=typer.echo,
        )
        raise typer.Exit(status)


def _where(home: Home) -> None:
    file = _running(home)
    typer.echo(f"The server is at {file.url} (API docs: {file.url}/api/docs, user: any, password: the key of --show).")
    typer.echo("It goes on until `lightning-sweeps server --stop`.")


def _running(home: Home) -> ServerFile:
    file = read_server_file(home.server_file)
    if file is None:
        raise ServerUnreachable(
            f"no server runs for the home folder `{home.root}`", hint="commands start one when they need it"
        )
    return file


def _show(home: Home) -> None:
    file = _running(home)
    typer.echo(f"LIGHTNING_SWEEPS_URL={file.url}\nLIGHTNING_SWEEPS_API_KEY={file.token}")


def _stop(home: Home) -> None:
    file = read_server_file(home.server_file)
    if file is None:
        typer.echo(f"No server runs for the home folder `{home.root}`.")
        return
    process = psutil.Process(file.pid)
    process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_DEADLINE_S
    while _runs(process):
        if time.monotonic() > deadline:
            raise ServerError(
                f"the server (pid {file.pid}) still runs {STOP_DEADLINE_S:.0f} s after SIGTERM",
                hint=f"kill -9 {file.pid}",
            )
        time.sleep(LOOK_INTERVAL_S)
    typer.echo(f"Ended the server at {file.url}; journals wait for the next one.")


def _runs(process: psutil.Process) -> bool:
    """Tell whether the process has not ended; the service, where it started the server, collects it later."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

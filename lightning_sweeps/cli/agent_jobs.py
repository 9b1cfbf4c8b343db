"""Runs agents as jobs for `lightning-sweeps agent --on NAME`: submits them once, or keeps them scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import typer

from lightning_sweeps.agents.launchers.base import LaunchSpec
from lightning_sweeps.agents.launchers.registry import LAUNCHERS, make_launcher
from lightning_sweeps.agents.launchers.scaler import Scaler
from lightning_sweeps.agents.launchers.scaling import parse_scale
from lightning_sweeps.agents.launchers.submit import submit
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.cli.sweep_total import total_of
from lightning_sweeps.cli.tables import note
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.messages import Sweep
from lightning_sweeps.server.process.address import is_loopback


def run_as_jobs(
    name: str,
    given: Mapping[str, Sequence[str]],
    sweep_id: str,
    options: AgentOptions,
    folder: Path,
    *,
    scale: str | None,
    is_dry_run: bool,
) -> None:
    """Submit agents as jobs and print their ids; with `scale`, stay until the sweep is over.

    Args:
        name: name of the launcher.
        given: texts of each of its options from the command line. They override those of the sweep file.
        sweep_id: the sweep, also as `entity/project/ID`.
        options: options of the agents.
        folder: folder of the training program.
        scale: the smallest and the largest number of jobs, as `0..32`.
        is_dry_run: whether to print what would be submitted, and submit nothing.

    Raises:
        UsageError: an option is wrong, or the jobs could not reach the server.
        NotFound: the sweep does not exist.
        ServerError: the server does not answer.
        LaunchError: the scheduler rejects the jobs.
    """
    limits = None if scale is None else parse_scale(scale)
    settings = read_settings()
    make_launcher(name, given, settings)  # says what is wrong with the options before it asks a server
    with connect(settings=settings) as client:
        sweep = client.sweep(last_part(sweep_id))
        model = LAUNCHERS.get(name).options_model
        chosen = {**model.of_sweep(name, sweep.config), **given}
        launcher = make_launcher(name, chosen, settings)
        _warn_of_loopback(settings, needs_shared_server=launcher.needs_shared_server)
        spec = LaunchSpec(sweep.id, options, folder, launcher.options.job_count, _nodes(sweep))
        if is_dry_run:
            typer.echo(launcher.render(spec), nl=False)
            return
        if limits is not None:
            Scaler(name, launcher, chosen, spec, limits, client, total_of, say=typer.echo).run()
            return
        submission = submit(name, launcher, chosen, spec, client=client, sweep=sweep)
        logs = f"; logs: {launcher.log_folder}" if launcher.log_folder is not None else ""
        typer.echo(f"Submitted {', '.join(submission.jobs)}{logs}")


def _nodes(sweep: Sweep) -> int:
    """Return the number of machines of each trial."""
    return int((sweep.config.get("resources") or {}).get("nodes") or 1)


def _warn_of_loopback(settings: Settings, *, needs_shared_server: bool) -> None:
    host = urlsplit(settings.url).hostname or ""
    if needs_shared_server and is_loopback(host):
        note(f"the jobs use the server at {settings.url}, which only this machine can reach")

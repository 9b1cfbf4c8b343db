"""`lightning-sweeps agent`: runs a sweep's trials on this machine, or submits agents as jobs of a scheduler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.agent_options import with_agent_options
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.launcher_options import SLURM, LauncherCommand, given_options
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.agents import machine
    from lightning_sweeps.cli.agent_jobs import run_as_jobs

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=LauncherCommand)
@with_agent_options
def agent(
    *,
    ctx: typer.Context,
    sweep: Annotated[
        str,
        typer.Argument(
            metavar="SWEEP_ID",
            autocompletion=suggestions.sweeps,
            help="Id of the sweep. `lightning-sweeps sweep` prints it.",
        ),
    ],
    options: AgentOptions,
    launcher: Annotated[
        str | None,
        typer.Option(
            "--on",
            "--launcher",
            metavar="LAUNCHER",
            help="Submit the agents as jobs: slurm, sge, pbs, lsf, hyperqueue, ray, kubernetes, ssh, skypilot, dstack,"
            " or a launcher that a package adds. `--on NAME --help` shows its options.",
        ),
    ] = None,
    slurm: Annotated[bool, typer.Option("--slurm", help="Short for `--on slurm`.")] = False,
    launcher_option: Annotated[
        list[str] | None,
        typer.Option("--launcher-option", help="With --on: an option as name=value; may be repeated."),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(
            "--scale",
            metavar="LOW..HIGH",
            help="With --on: stay, and keep as many jobs as there are trials to run, for example 0..32.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --on: print what would be submitted, and submit nothing.")
    ] = False,
) -> None:
    """Run trials until the sweep is finished: all GPUs of this machine, one agent each.

    Start it in the folder of the training program. Ctrl-C once: finish the running trials, then end; twice: end the
    trials now; three times: kill them.

    Examples:

      lightning-sweeps agent 1a2b3c4d5e

      lightning-sweeps agent 1a2b3c4d5e --gpus-per-trial 2

      lightning-sweeps agent 1a2b3c4d5e --slots 2 --count 10

      lightning-sweeps agent 1a2b3c4d5e --on slurm --partition gpu --gpus-per-trial 2 --max-jobs 8 --time 12:00:00

      lightning-sweeps agent 1a2b3c4d5e --on slurm --partition gpu --scale 0..32
    """
    name = _launcher_name(launcher, is_slurm=slurm)
    given = {**_parse_launcher_options(launcher_option or ()), **given_options(ctx)}
    if name is None:
        if given:
            raise UsageError(
                f"`--launcher-option {(launcher_option or [''])[0]}` was given without `--on`",
                hint="name the launcher, for example `--on slurm`",
            )
        if scale is not None:
            raise UsageError(f"`--scale {scale}` was given without `--on`", hint="name the launcher first")
        if dry_run:
            raise UsageError("`--dry-run` was given without `--on`", hint="name the launcher first")
        raise typer.Exit(machine.run(sweep, options))
    options = replace(options, wait_for_server=True)  # a job may start while the server restarts
    run_as_jobs(name, given, sweep, options, Path.cwd(), scale=scale, is_dry_run=dry_run)


def _launcher_name(launcher: str | None, *, is_slurm: bool) -> str | None:
    if is_slurm and launcher not in (None, SLURM):
        raise UsageError(f"`--slurm` and `--on {launcher}` were given", hint="use only one of them")
    return SLURM if is_slurm else launcher


def _parse_launcher_options(texts: Sequence[str]) -> dict[str, list[str]]:
    """Return the values of each option, in order."""
    given: dict[str, list[str]] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not name or not separator:
            raise UsageError(f"`--launcher-option {text}` was given, allowed: name=value, for example `max_jobs=8`")
        given.setdefault(name.replace("-", "_"), []).append(value)
    return given

"""`lightning-sweeps agent`: runs a sweep's trials on this machine, or submits agents through a launcher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.agent_options import with_agent_options
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.agents import machine
    from lightning_sweeps.agents.launchers.base import LaunchSpec
    from lightning_sweeps.agents.launchers.registry import make_launcher
    from lightning_sweeps.core.settings import read_settings

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

SLURM = "slurm"


@app.command()
@with_agent_options
def agent(
    *,
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
        str | None, typer.Option("--launcher", help="Submit the agents as jobs through this launcher.")
    ] = None,
    launcher_option: Annotated[
        list[str] | None,
        typer.Option("--launcher-option", help="With --launcher: an option, name=value; may be repeated."),
    ] = None,
    slurm: Annotated[
        bool, typer.Option("--slurm", help="Submit the agents as Slurm jobs: short for --launcher slurm.")
    ] = False,
    partition: Annotated[str | None, typer.Option("--partition", help="With --slurm: partition for the jobs.")] = None,
    max_jobs: Annotated[
        int | None,
        typer.Option("--max-jobs", help="With --slurm: number of jobs, each on one machine (default: 1)."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            "--time",
            help="With --slurm: time limit of a job (default: 24:00:00). The job is then queued again.",
        ),
    ] = None,
    sbatch: Annotated[
        list[str] | None,
        typer.Option("--sbatch", help="With --slurm: further option of sbatch, name=value; may be repeated."),
    ] = None,
) -> None:
    """Run trials until the sweep is finished: all GPUs of this machine, one agent each.

    Start it in the folder of the training program. Ctrl-C once: finish the running trials, then end; twice: end the
    trials now; three times: kill them.

    Examples:

      lightning-sweeps agent 1a2b3c4d5e

      lightning-sweeps agent 1a2b3c4d5e --gpus-per-trial 2

      lightning-sweeps agent 1a2b3c4d5e --slots 2 --count 10

      lightning-sweeps agent 1a2b3c4d5e --slurm --partition gpu --gpus-per-trial 2 --max-jobs 8 --time 12:00:00

      lightning-sweeps agent 1a2b3c4d5e --launcher slurm --launcher-option max_jobs=8
    """
    slurm_options = _slurm_options(partition, max_jobs, time, sbatch)
    name = _launcher_name(launcher, is_slurm=slurm, slurm_options=slurm_options)
    given = _parse_launcher_options(launcher_option or ())
    if name is None:
        if given:
            raise UsageError(
                f"`--launcher-option {(launcher_option or [''])[0]}` was given without `--launcher`",
                hint="name the launcher, for example `--launcher slurm`",
            )
        raise typer.Exit(machine.run(sweep, options))
    options = replace(options, wait_for_server=True)  # a job may start while the server restarts
    _submit(name, {**given, **slurm_options}, LaunchSpec(sweep, options, Path.cwd()))


def _submit(name: str, given: Mapping[str, Sequence[str]], spec: LaunchSpec) -> None:
    launcher = make_launcher(name, given, read_settings())
    jobs = launcher.submit(spec)
    logs = f"; logs: {launcher.log_folder}" if launcher.log_folder is not None else ""
    typer.echo(f"Submitted {', '.join(jobs)}{logs}")


def _slurm_options(
    partition: str | None, max_jobs: int | None, time: str | None, sbatch: Sequence[str] | None
) -> dict[str, Sequence[str]]:
    """Return the launcher options for the given Slurm options."""
    given = {
        "partition": () if partition is None else (partition,),
        "max_jobs": () if max_jobs is None else (str(max_jobs),),
        "time": () if time is None else (time,),
        "sbatch": tuple(sbatch or ()),
    }
    return {name: texts for name, texts in given.items() if texts}


def _launcher_name(launcher: str | None, *, is_slurm: bool, slurm_options: Mapping[str, Sequence[str]]) -> str | None:
    if is_slurm and launcher not in (None, SLURM):
        raise UsageError(f"`--slurm` and `--launcher {launcher}` were given", hint="use only one of them")
    name = SLURM if is_slurm else launcher
    if slurm_options and name != SLURM:
        raise UsageError("`--partition`, `--max-jobs`, `--time` or `--sbatch` was given without `--slurm`")
    return name


def _parse_launcher_options(texts: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the values of each option, in order."""
    given: dict[str, list[str]] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not name or not separator:
            raise UsageError(f"`--launcher-option {text}` was given, allowed: name=value, for example `max_jobs=8`")
        given.setdefault(name.replace("-", "_"), []).append(value)
    return dict(given)

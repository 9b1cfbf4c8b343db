"""`lightning-sweeps completion`: prints or installs what a shell needs to complete commands, options and ids."""

from __future__ import annotations

from typing import Literal

import typer

from lightning_sweeps.cli.help_only import is_help_only

if not is_help_only():
    from typer import completion as typer_completion

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

NAME = "lightning-sweeps"
VARIABLE = "_LIGHTNING_SWEEPS_COMPLETE"
"""A shell sets it to ask for completions."""

Shell = Literal["bash", "zsh", "fish"]

SHELL = typer.Argument(help="Your shell.")


@app.command()
def completion(
    shell: Shell = SHELL,
    install: bool = typer.Option(
        False, "--install", help="Add it to the start file of the shell, instead of printing it."
    ),
) -> None:
    """Print the script that completes commands, options, ids of sweeps and runs, and projects with the Tab key.

    Examples:

      eval "$(lightning-sweeps completion bash)"

      lightning-sweeps completion zsh --install
    """
    typer_completion.completion_init()  # type: ignore[attr-defined]
    if install:
        _, path = typer_completion.install(shell, NAME, VARIABLE)  # type: ignore[attr-defined]
        typer.echo(f"Installed in {path}. It works in the next shell.")
        return
    script = typer_completion.get_completion_script(  # type: ignore[attr-defined]
        prog_name=NAME, complete_var=VARIABLE, shell=shell
    )
    typer.echo(script)

"""What the commands that change runs have in common: which runs, a preview, a question."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.known_projects import check_project
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.cli.tables import print_json
    from lightning_sweeps.client import Client
    from lightning_sweeps.messages import RunChoice, RunsChange, RunsChanged

RUNS = typer.Argument(None, metavar="[RUN ...]", autocompletion=suggestions.runs, help="Ids of runs.")
PROJECT = typer.Option(None, "--project", "-p", autocompletion=suggestions.projects, help="All runs of this project.")
GROUP = typer.Option(None, "--group", "-g", help="All runs of this group (the ranks of one job).")
FILTER = typer.Option("", "--filter", "-f", help="All runs that match, for example `created < -30d`.")
RUNNING = typer.Option(False, "--running", help="Also runs that are running. Without this, they stay as they are.")
YES = typer.Option(False, "--yes", "-y", help="Do not ask.")
DRY_RUN = typer.Option(False, "--dry-run", help="Only say what would be done.")


def choice(ids: list[str] | None, *, project: str | None, group: str | None, where: str) -> RunChoice:
    """Return the choice of the options that all commands have.

    Raises:
        UsageError: no option chooses any run.
    """
    chosen = RunChoice(ids or [], project, group, None, where)
    if chosen == RunChoice():
        raise UsageError(
            "no runs are given",
            hint="give ids of runs, `--project`, `--group` or `--filter`; several of them narrow the choice",
        )
    return chosen


def change(
    client: Client, wanted: RunsChange, *, question: str, is_agreed: bool, is_dry: bool, as_json: bool = False
) -> RunsChanged | None:
    """Change runs after a preview and a question. Return None if nothing was changed.

    Args:
        client: the connection.
        wanted: the change.
        question: what will be done, with `{runs}` for the number of runs and rows.
        is_agreed: True: do not ask.
        is_dry: True: only say what would be done.
        as_json: print what was done, or would be, as JSON.
    """
    seen = client.change_runs(replace(wanted, is_preview=True))
    if as_json:
        return _change_as_json(client, wanted, seen, question=question, is_agreed=is_agreed, is_dry=is_dry)
    if seen.running:
        typer.echo(f"{count(seen.running, 'run')} of them {_is(seen.running)} running: left as {_it(seen.running)}.")
    if seen.count == 0 and not seen.running:
        check_project(client, wanted.choice.project)
    if seen.count == 0:
        typer.echo("No run to change.")
        return None
    text = question.replace("{runs}", f"{count(seen.count, 'run')} with {count(seen.rows, 'row')}")
    return client.change_runs(wanted) if is_confirmed(text, is_agreed=is_agreed, is_dry=is_dry) else None


def _change_as_json(
    client: Client, wanted: RunsChange, seen: RunsChanged, *, question: str, is_agreed: bool, is_dry: bool
) -> RunsChanged | None:
    """Change runs, and print what was done or would be."""
    if seen.count == 0 and not seen.running:
        check_project(client, wanted.choice.project)
    is_done = seen.count > 0 and is_confirmed(question, is_agreed=is_agreed, is_dry=is_dry, as_json=True)
    done = client.change_runs(wanted) if is_done else seen
    print_json(asdict(done) | {"is_done": is_done})
    return done if is_done else None


def is_confirmed(question: str, *, is_agreed: bool, is_dry: bool, as_json: bool = False) -> bool:
    """Ask whether to do what a question names, or only say what would be done.

    Args:
        question: what will be done.
        is_agreed: True: do not ask.
        is_dry: True: only say it.
        as_json: a script reads the output: say nothing and ask nothing.

    Raises:
        UsageError: there is no terminal to ask on, or a script cannot answer.
    """
    if is_dry:
        if not as_json:
            typer.echo(f"Would do: {question}")
        return False
    if is_agreed:
        return True
    if as_json:
        raise UsageError("`--json` asks nothing", hint="add `--yes` to do it, or `--dry-run` to see what would be done")
    if not sys.stdin.isatty():
        raise UsageError(f"{question}? There is no terminal to ask on", hint="`--yes` does it without asking")
    return typer.confirm(f"{question}?")


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _it(number: int) -> str:
    return "it is" if number == 1 else "they are"

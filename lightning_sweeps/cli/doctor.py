"""`lightning-sweeps doctor`: checks this machine, its settings and its server, and says what to type."""

from __future__ import annotations

from dataclasses import asdict

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.errors import EXIT_FAILURE

if not is_help_only():
    from lightning_sweeps.cli.doctor_checks import CHECKS, run_checks
    from lightning_sweeps.cli.doctor_checks.finding import Finding, Machine
    from lightning_sweeps.cli.tables import print_json
    from lightning_sweeps.core.paths import Home
    from lightning_sweeps.core.settings import read_settings

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

INDENT = " " * 16


@app.command()
def doctor(as_json: bool = AS_JSON) -> None:
    """Check Python, GPUs, ranks, the home folder, the service and the server, and say what to type.

    It changes nothing and starts no server. The exit status is 1 if something does not work (`fail`).
    """
    settings = read_settings()
    findings = []
    for finding in run_checks(Machine(settings, Home(settings.home)), CHECKS):
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(EXIT_FAILURE)


def _print(finding: Finding) -> None:
    typer.echo(f"{finding.level:<5} {finding.check:<9} {finding.message}")
    if finding.hint:
        typer.echo(f"{INDENT}-> {finding.hint}")

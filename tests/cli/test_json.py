"""Every command that prints data has `--json`, declared once; the others are listed here with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from lightning_sweeps.cli import COMMANDS, _leaves
from lightning_sweeps.client import Client
from lightning_sweeps.errors import EXIT_USAGE
from tests.cli.test_cli import command
from tests.dashboard.fixtures import Writer, run_info
from tests.servers import running_server

WITHOUT = {
    "agent": "prints what trials print; `status ID --json` has the results",
    "tune": "prints what trials print; `status ID --json` has the results",
    "demo": "runs `tune`",
    "top": "is a page for people; `status`, `runs` and `logs` have `--json`",
    "mcp": "speaks the Model Context Protocol",
    "skill": "prints a page of text",
    "docs": "opens a browser",
    "completion": "prints a shell script",
    "logout": "changes a setting, and prints no data",
    "db backup": "writes a file, and prints no data",
    "db compact": "changes the database, and prints no data",
    "db migrate": "changes the database, and prints no data",
    "db restore": "changes the database, and prints no data",
    "key revoke": "changes the server, and prints no data",
    "alerts remove": "changes the server, and prints no data",
    "alerts test": "sends an alert, and prints no data",
}


def leaves() -> Iterator[tuple[str, set[str]]]:
    """Yield the name of each command and inner command with the names of its options."""
    for name, entry in COMMANDS.items():
        module = __import__(entry.module, fromlist=["app"])
        found = get_command(module.app)
        for leaf in _leaves(found):
            inner = "" if leaf is found else f" {leaf.name}"
            yield f"{name}{inner}", {word for parameter in leaf.params for word in parameter.opts}


def test_every_command_that_prints_data_has_the_option() -> None:
    assert {name for name, options in leaves() if "--json" not in options} == WITHOUT.keys()


def test_the_option_is_declared_once() -> None:
    folder = Path(__file__).parents[2] / "lightning_sweeps" / "cli"
    assert [path.name for path in folder.rglob("*.py") if '"--json"' in path.read_text()] == ["json_option.py"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client]]:
    home = tmp_path_factory.mktemp("json") / "home"
    with running_server(home) as (client, _):
        Writer(client, run_info("one")).log(0, loss=1.0).send()
        yield home, client


def test_commands_print_one_document(served: tuple[Path, Client], tmp_path: Path) -> None:
    home, client = served
    (run,) = client.runs().runs
    calls = {
        ("key", "create", "ada"): ("made", "key", "url"),
        ("archive", run.id, "--running", "--dry-run"): ("count", "rows", "running", "runs", "is_done"),
        ("move", run.id, "--running", "--to", "other", "--yes"): ("count", "is_done"),
        ("rename", run.id, "again"): ("id", "name"),
        ("delete", run.id, "--running", "--yes"): ("count", "is_done"),
        ("delete", "--empty-trash", "--dry-run"): ("runs", "sweeps", "is_done"),
        ("restore", run.id): ("count", "runs"),
        ("server", "--show"): ("url", "api_key"),
        ("ui", "--no-open"): ("url", "expires"),
        ("db", "check"): ("findings", "not_stored"),
    }
    for words, names in calls.items():
        done = command(home, *words, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout).keys() >= set(names), words
    for words in (("key", "list"), ("login", "--list"), ("sync",), ("export", str(tmp_path / "out"))):
        done = command(home, *words, "--json")
        assert done.returncode == 0, done.stderr
        assert isinstance(json.loads(done.stdout), list), words


def test_a_script_is_not_asked(served: tuple[Path, Client]) -> None:
    home, client = served
    (run,) = client.runs().runs
    done = command(home, "delete", run.id, "--running", "--json")
    assert done.returncode == EXIT_USAGE and "add `--yes`" in done.stderr and not done.stdout

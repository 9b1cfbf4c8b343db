"""The importer of docs/extending.md in an installed package, used through the real command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from tests.cli.test_cli import assert_message, command
from tests.extensions import documented_contract_test, documented_examples, install_extension
from tests.servers import running_server

TestLossImporter = documented_contract_test("Importers", "TestLossImporter")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of an installed package that adds the format `losses`."""
    points = {"lightning_sweeps.importers": {"losses": "LossImporter", "no_such_class": "NoSuchClass"}}
    return str(
        install_extension(tmp_path_factory.mktemp("extension") / "site", documented_examples("Importers")[0], points)
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Path]]:
    home = tmp_path_factory.mktemp("home") / "home"
    with running_server(home) as (client, _):
        yield client, home


@pytest.mark.parametrize("options", [[], ["--from", "losses"]])
def test_a_format_of_another_package_is_imported(
    served: tuple[Client, Path], installed: str, tmp_path: Path, options: list[str]
) -> None:
    client, home = served
    project = f"project-{len(options)}"
    (tmp_path / "first.loss").write_text("# a comment\n1.0\n0.5\n0.25\n")
    done = command(home, "import", str(tmp_path), *options, "-p", project, PYTHONPATH=installed)
    assert done.stdout == "first: 3 rows, 3 new; left out: 1 comments\n", done.stderr
    (run,) = client.runs(project=project).runs
    assert (run.name, run.tags, run.rows) == ("first", ["losses"], 3)
    assert ("`no_such_class` of the package `an-extension` cannot be loaded" in done.stderr) is (not options)


def test_an_importer_that_raises_is_named_and_the_runs_before_are_imported(
    served: tuple[Client, Path], installed: str, tmp_path: Path
) -> None:
    client, home = served
    (tmp_path / "first.loss").write_text("1.0\n")
    (tmp_path / "second.loss").write_text("1.0\nnot a number\n")
    done = command(home, "import", str(tmp_path), "--from", "losses", "-p", "raises", PYTHONPATH=installed)
    assert (done.returncode, done.stdout) == (1, "first: 1 rows, 1 new; left out: 0 comments\n")
    assert "error: the import format `losses` failed: ValueError: could not convert" in done.stderr
    assert "an_extension/__init__.py:" in done.stderr and "Traceback" not in done.stderr
    assert [run.name for run in client.runs(project="raises").runs] == ["first"]


def test_the_command_lists_all_formats(home: Path, installed: str) -> None:
    done = command(home, "import", "--list-formats", PYTHONPATH=installed)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["csv", "tensorboard", "wandb", "losses"]
    assert "text files with one loss per line; leaves out: comments" in done.stdout
    assert "--list-formats" in command(home, "import", "--help", PYTHONPATH=installed).stdout


def test_a_path_whose_format_is_not_clear_is_an_error(home: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    assert_message(command(home, "import", str(tmp_path)), 2, "no importer recognizes", "`tensorboard`", "--from")
    (tmp_path / "x.csv").write_text("a\n1\n")
    (tmp_path / "events.out.tfevents.1").write_bytes(b"")
    assert_message(command(home, "import", str(tmp_path)), 2, "contains files of `csv`, `tensorboard`", "--from FORMAT")
    assert_message(command(home, "import", str(tmp_path), "--from", "cvs"), 2, "no import format `cvs`", "`csv`")
    assert_message(command(home, "import", str(tmp_path / "none")), 2, "there is no file or folder")

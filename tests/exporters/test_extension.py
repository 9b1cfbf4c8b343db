"""The exporter of docs/extending.md in an installed package, used through the real command and through `Api`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.api.query import Api
from lightning_sweeps.client import Client
from tests.cli.test_cli import assert_message, command
from tests.extensions import documented_contract_test, documented_examples, install_extension
from tests.servers import running_server
from tests.store.journals import Journal

RAISES = """

class Raises(MarkdownExporter):
    name = "raises"

    def write(self, runs, path):
        super().write(runs, path)
        (path / "runs.md").write_text("half")
        raise RuntimeError("a bug")
"""

TestMarkdownExporter = documented_contract_test("Exporters", "TestMarkdownExporter")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of an installed package that adds the format `markdown`."""
    points = {"lightning_sweeps.exporters": {"markdown": "MarkdownExporter", "raises": "Raises"}}
    code = documented_examples("Exporters")[0] + RAISES
    return str(install_extension(tmp_path_factory.mktemp("extension") / "site", code, points))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Path]]:
    home = tmp_path_factory.mktemp("home") / "home"
    with running_server(home) as (client, _):
        journal = Journal()
        for step in range(3):
            journal.log(step, loss=1.0, accuracy=0.5)
        journal.finish()
        client.send_journal(journal.id, 0, journal.data)
        yield client, home


def test_the_command_writes_a_format_of_another_package(
    served: tuple[Client, Path], installed: str, tmp_path: Path
) -> None:
    client, home = served
    (run,) = client.runs().runs
    done = command(home, "export", str(tmp_path), "--format", "markdown", PYTHONPATH=installed)
    file = tmp_path / "runs.md"
    assert done.stdout == f"{file}: 1 runs\n{file}: 6 values\n", done.stderr
    assert file.read_text() == f"- {run.name}: 6 values, finished\n"


def test_the_api_writes_a_format_of_another_package(
    served: tuple[Client, Path], installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed)
    try:
        files = Api(served[0]).export(tmp_path / "new", format="markdown", keys=["loss"])
    finally:
        sys.modules.pop("an_extension", None)
    assert [file.count for file in files] == [1, 3]
    assert files[0].path.read_text().endswith(": 3 values, finished\n")


def test_the_command_lists_all_formats(home: Path, installed: str) -> None:
    done = command(home, "export", "--list-formats", PYTHONPATH=installed)
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "csv",
        "journals",
        "json",
        "safe-csv",
        "parquet",
        "markdown",
        "raises",
    ]


def test_an_unknown_format_is_an_error(home: Path, tmp_path: Path) -> None:
    done = command(home, "export", str(tmp_path / "out"), "--format", "parket")
    allowed = "allowed: csv, journals, json, safe-csv, parquet"
    assert_message(done, 2, f"there is no export format `parket`, {allowed}", "did you mean `parquet`?")
    assert not (tmp_path / "out").exists()


def test_an_exporter_that_raises_is_named_and_leaves_an_earlier_export(
    served: tuple[Client, Path], installed: str, tmp_path: Path
) -> None:
    _, home = served
    (tmp_path / "runs.md").write_text("earlier")
    done = command(home, "export", str(tmp_path), "--format", "raises", PYTHONPATH=installed)
    assert_message(
        done, 1, "the export format `raises` failed: RuntimeError: a bug", "an_extension/__init__.py", "nothing"
    )
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"runs.md": "earlier"}

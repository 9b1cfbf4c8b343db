"""Machines and servers of different versions: wheels of an earlier commit, of today, and of a later protocol."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import requests

from lightning_sweeps import __version__
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.protocol import HEADER
from lightning_sweeps.system.node import node_id
from tests.servers import wait_until
from tests.versions import LIMIT_S, NEXT, Version, earlier_version, install, machine, next_version, this_version

pytestmark = pytest.mark.slow

PROGRAM = """
import lightning_sweeps as ls
run = ls.init(project="versions", config={"x": 1})
for step in range(20):
    run.log({"loss": 1 / (step + 1)})
run.finish(timeout_s=TIMEOUT)
print(ls.__file__)
"""
SWEEP = """
program: train.py
method: grid
project: versions
metric: {name: loss, goal: minimize}
parameters: {x: {values: [1, 2]}}
"""
CLI = ("-m", "lightning_sweeps.cli")


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Version]:
    """Return a function that installs a version once, by its name."""
    made: dict[str, Version] = {}
    how = {"before": earlier_version, "today": this_version, "next": next_version}

    def get(name: str) -> Version:
        if name not in made:
            made[name] = how[name](tmp_path_factory.mktemp(name))
        return made[name]

    return get


def write_program(folder: Path, *, timeout_s: float) -> None:
    (folder / "train.py").write_text(PROGRAM.replace("TIMEOUT", str(timeout_s)))
    (folder / "sweep.yaml").write_text(SWEEP)


def runs_of(version: Version, folder: Path, variables: Mapping[str, str]) -> list[dict[str, object]]:
    done = version.run(folder, *CLI, "runs", "--json", **variables)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def row_counts(address: Mapping[str, str]) -> list[int]:
    """Return the rows of every run, asked as a program without a version."""
    headers = {"Authorization": f"Bearer {address['LIGHTNING_SWEEPS_API_KEY']}"}
    answer = requests.get(f"{address['LIGHTNING_SWEEPS_URL']}/api/runs", headers=headers, timeout=30)
    assert answer.headers[HEADER].startswith("2-2 ")
    return [run["rows"] for run in answer.json()["runs"]]


def test_a_training_and_a_sweep_of_an_earlier_version_run(version: Callable[[str], Version], tmp_path: Path) -> None:
    here, there = version("before"), version("today")
    write_program(tmp_path, timeout_s=60)
    with there.running_server(tmp_path / "server") as address, machine(tmp_path / "home") as own:
        variables = own | address
        trained = here.run(tmp_path, "train.py", **variables)
        assert trained.returncode == 0 and "hint:" not in trained.stderr, trained.stderr
        assert trained.stdout.startswith(str(here.site))
        tuned = here.run(tmp_path, *CLI, "tune", "sweep.yaml", "--slots", "1", **variables)
        assert tuned.returncode == 0, tuned.stdout + tuned.stderr
        assert "no value" not in tuned.stdout
        for reader in (here, there):
            found = runs_of(reader, tmp_path, variables)
            assert [(run["state"], run["rows"]) for run in found] == [("finished", 20)] * 3
            assert {json.dumps(run["summary"]) for run in found} == {json.dumps({"loss": 0.05})}


@pytest.mark.parametrize(
    ("client", "server", "advice"),
    [
        ("today", "next", f"pip install lightning-sweeps=={NEXT}` on this machine, and start its agents again"),
        ("next", "today", f"upgrade the server: .* or run `pip install lightning-sweeps=={__version__}`"),
    ],
)
def test_versions_without_a_common_protocol_say_what_to_upgrade(
    client: str, server: str, advice: str, version: Callable[[str], Version], tmp_path: Path
) -> None:
    here, there = version(client), version(server)
    write_program(tmp_path, timeout_s=20)
    with there.running_server(tmp_path / "server") as address, machine(tmp_path / "home") as own:
        variables = own | address
        for words in (("runs",), ("tune", "sweep.yaml", "--slots", "1"), ("agent", "abcdefghij")):
            done = here.run(tmp_path, *CLI, *words, **variables)
            assert done.returncode == 1, done.stdout
            assert_said(done.stderr, advice, here=client, there=server)
        trained = here.run(tmp_path, "train.py", **variables)
        assert trained.returncode == 0, trained.stderr
        assert_said(trained.stderr, advice, here=client, there=server)
        assert "they stay in the journal until they are uploaded" in trained.stderr
        assert runs_of(there, tmp_path, variables) == []


def assert_said(said: str, advice: str, *, here: str, there: str) -> None:
    names = {"today": f"{__version__} (protocol 1)", "next": f"{NEXT} (protocol 2)"}
    assert "Traceback" not in said
    assert f"this client is lightning-sweeps {names[here]}" in said
    assert "the server is lightning-sweeps " in said and names[there] in said
    assert re.search(advice, said), said


def test_a_service_that_is_upgraded_with_its_machine_uploads_what_waited(
    version: Callable[[str], Version], tmp_path: Path
) -> None:
    site = tmp_path / "site"
    shutil.copytree(version("today").site, site)
    here, there = Version(site), version("next")
    write_program(tmp_path, timeout_s=5)
    home = Home(tmp_path / "home")
    with there.running_server(tmp_path / "server") as address, machine(home.root) as own:
        variables = own | address
        assert here.run(tmp_path, "train.py", **variables).returncode == 0
        state = home.service_state(node_id())
        pid = json.loads(state.read_bytes())["pid"]
        shutil.rmtree(site)  # as pip uninstalls the earlier version
        install(version("next").site.parent / "source", site)
        wait_until(lambda: row_counts(address) == [20], timeout_s=LIMIT_S, what="the rows")
        wait_until(lambda: json.loads(state.read_bytes())["pid"] != pid, what="the state of the new service")

"""Modules under `preload` are the user's current code, found as the program finds it, and leave no state to share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.agents.forking.warm_start import import_times
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import environment
from tests.agents.trials import make_sweep, run_agents

linux = pytest.mark.skipif(sys.platform != "linux", reason="a fork server needs Linux")

PROGRAM = """
import json, os, pathlib, random, sys
import numpy, torch
import mypkg.model
seen = {
    "version": mypkg.model.VERSION, "path": sys.path[0], "added": os.environ.get("ADDED"),
    "removed": os.environ.get("REMOVED"), "seeded": numpy.random.rand(), "unseeded": random.random(),
    "rank": os.environ.get("RANK"), "second": sys.path[1],
}
number = sys.argv[1][4:]
json.dump(seen, open(f"seen-{number}.json", "w"))
model = pathlib.Path(mypkg.model.__file__)
if number == "0":
    model.write_text("VERSION = 2")
"""
PACKAGE = """
import os, random, sys
import numpy
from mypkg import model
os.environ["ADDED"] = "by the import"
os.environ.pop("REMOVED", None)
numpy.random.seed(7)
random.random()
sys.path.insert(1, "/inserted")
"""


def write_package(folder: Path) -> None:
    (folder / "mypkg").mkdir(parents=True)
    (folder / "mypkg" / "__init__.py").write_text(PACKAGE)
    (folder / "mypkg" / "model.py").write_text("VERSION = 1")


@pytest.mark.slow
@pytest.mark.launch
@linux
def test_a_preloaded_package_is_what_a_cold_program_imports(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program is in another folder than the working folder, and its first trial edits an inner module."""
    monkeypatch.setenv("REMOVED", "before")
    write_package(tmp_path / "src")
    (tmp_path / "src" / "train.py").write_text(PROGRAM)
    sweep_id = make_sweep(client, tmp_path, "", points=2, program="src/train.py", preload=["mypkg"])
    ended = run_agents(sweep_id, folder=tmp_path, warm=True)
    assert (ended.status, ended.err) == (0, "")
    assert f"restarting the fork server: `{tmp_path / 'src' / 'mypkg' / 'model.py'}` has changed" in ended.out
    assert "start cold" not in ended.out
    command = [sys.executable, "src/train.py", "--x=cold"]
    subprocess.run(command, cwd=tmp_path, check=True, env=environment())
    first, second, cold = (json.loads((tmp_path / f"seen-{name}.json").read_text()) for name in ("0", "1", "cold"))
    assert [seen.pop("version") for seen in (first, second, cold)] == [1, 2, 2]
    assert len({seen.pop("unseeded") for seen in (first, second, cold)}) == 3
    assert first == second == cold


EFFECTS = {
    "working-folder": ("import os; os.chdir('/')", "changed the working folder to `/`"),
    "open-file": ("log = open('made.log', 'w')", "made.log`, which all trials would share"),
    "socket": ("import socket; pair = socket.socketpair()", "opened `socket:"),
    "own-generator": ("import numpy; rng = numpy.random.default_rng()", "`own.rng` is a random generator"),
    "old-generator": ("import random; rng = random.Random()", "`own.rng` is a random generator"),
}
HARMLESS = {
    "closed-file": "open('made.log', 'w').close()",
    "device": "null = open('/dev/null')",
    "generator-with-a-seed": "import numpy; rng = numpy.random.default_rng(5)",
    "system-generator": "import random; rng = random.SystemRandom()",
    "many-draws": "import random; drawn = [random.random() for _ in range(9999)]",
    "module-that-raises": "import sys, types\nclass Raising(types.ModuleType):\n"
    "    def __getattribute__(self, name): raise ImportError(name)\nsys.modules['raising'] = Raising('raising')",
}


LOOK = """
from lightning_sweeps.agents.forking.import_effects import ProcessState
from lightning_sweeps.agents.forking.random_generators import GeneratorStates
import numpy
state, generators = ProcessState.read(), GeneratorStates.read()
import own
print(state.problem_since() or ", ".join(sorted(generators.seeded_since())))
"""


def problem_of(source: str, folder: Path) -> str:
    """Return what is wrong with a module of this source as a preload, otherwise the generators that it seeds."""
    (folder / "own.py").write_text(source)
    (folder / "look.py").write_text(LOOK)
    return subprocess.run(
        [sys.executable, "look.py"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


@linux
@pytest.mark.parametrize("name", EFFECTS)
def test_trials_start_cold_if_an_import_leaves_what_they_would_share(tmp_path: Path, name: str) -> None:
    source, part = EFFECTS[name]
    assert part in problem_of(source, tmp_path)


@linux
def test_imports_without_such_effects_keep_the_warm_start(tmp_path: Path) -> None:
    assert problem_of("\n".join(HARMLESS.values()), tmp_path) == ""


@linux
def test_generators_that_an_import_seeds_are_recognised(tmp_path: Path) -> None:
    assert problem_of("import random, numpy; random.seed(3); numpy.random.seed(3)", tmp_path) == "numpy, random"


def test_a_file_that_is_written_during_the_imports_counts_as_changed(tmp_path: Path) -> None:
    second = 10**9
    for name, time_ns in {"before": 5 * second, "during": 20 * second, "later": 99 * second}.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, ns=(time_ns, time_ns))
    paths = [str(tmp_path / name) for name in ("before", "during", "later", "missing")]
    times = import_times(paths, began_ns=10 * second, now_ns=30 * second)
    assert [times[path] // second for path in paths] == [5, 0, 99, 0]

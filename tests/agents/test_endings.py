"""A program ends after a warm start as it does after `python FILE`: same status, same output, same files."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from tests.agents.trials import make_sweep, run_agents

pytestmark = [
    pytest.mark.launch,
    pytest.mark.skipif(sys.platform != "linux", reason="a fork server needs Linux"),
]

PROGRAM = """
import os, sys
way = sys.argv[1][4:]
with open(f"ways/{way}.py") as source:
    code = compile(source.read(), source.name, "exec")
os.mkdir(way)
os.chdir(way)
del way, source
exec(code)
"""
WAYS: dict[str, str] = dict(
    part.split("\n", 1) for part in (Path(__file__).with_name("endings.txt")).read_text().split("\n=== ")[1:]
)
"""The code of each way to end, by name."""

NOISY = """
class Noisy:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)
"""
OWN = "left = open('own-left', 'w')\nleft.write('text')\n" + NOISY
HEAVY = "print('heavy was imported')\n"

LIMIT_S = 60


@pytest.mark.slow
def test_every_end_after_a_warm_start_is_the_end_of_python(client: Client, tmp_path: Path, home: Path) -> None:
    warm, cold = (prepared(tmp_path / name) for name in ("warm", "cold"))
    sweep_id = make_sweep(client, warm, PROGRAM, parameters={"x": {"values": list(WAYS)}}, max_failures=99, retry=0)
    assert run_agents(sweep_id, "--max-quick-failures=99", folder=warm, warm=True).status == 0
    expected = {way: end_of_python(way, cold) for way in WAYS}
    seen: dict[str, End] = {}
    for trial in client.trials(sweep_id):
        files = Home(home).trial(trial.id)
        way = trial.params["x"]
        output = (files.stdout.read_text(), files.stderr.read_text())
        how = trial.reason if trial.exit_code is None else f"exit code {trial.exit_code}"
        seen[way] = described(way, warm, how, *output)
    differing = {way: (seen.get(way), expected[way]) for way in WAYS if seen.get(way) != expected[way]}
    assert not differing, "\n".join(f"{way}:\n  warm {warm}\n  cold {cold}" for way, (warm, cold) in differing.items())


def prepared(folder: Path) -> Path:
    """Write the program, its parts and its modules into a folder."""
    (folder / "ways").mkdir(parents=True)
    for way, code in WAYS.items():
        (folder / "ways" / f"{way}.py").write_text(code + "\n")
    (folder / "train.py").write_text(PROGRAM)
    (folder / "own.py").write_text(OWN)
    (folder / "heavy.py").write_text(HEAVY)
    return folder


End = tuple[str, str, str, dict[str, str]]


def end_of_python(way: str, folder: Path) -> End:
    """Run the program as `python FILE` and describe its end. Its output goes to files, as that of a trial does."""
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        ended = subprocess.run(
            [sys.executable, "train.py", f"--x={way}"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**environment(), "PYTHONUNBUFFERED": "1"},
            check=False,
            timeout=LIMIT_S,
        )
    status = ended.returncode
    how = f"exit code {status}" if status >= 0 else f"killed by signal {-status} ({signal.Signals(-status).name})"
    return described(way, folder, how, (folder / "out").read_text(), (folder / "err").read_text())


def described(way: str, folder: Path, how: str, out: str, err: str) -> End:
    """Describe an end without what differs between any two processes: folders and addresses of objects."""
    out, err = (re.sub("0x[0-9a-f]+", "0x", text.replace(str(folder), "")) for text in (out, err))
    files = {path.name: path.read_text() for path in (folder / way).rglob("*") if path.is_file()}
    return how, out, err, files

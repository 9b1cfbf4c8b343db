"""Measures what logging adds to the start and end of a program: import, init and finish, for one and eight ranks.

    python -m benchmarks.start

Every contender runs in new processes, in alternating rounds; the table shows the median of each time. Our package is
also measured with a server that does not exist and with a home folder that cannot be written, which must not change the
times. wandb online uses `wandb_server.py`, which answers at once. Contenders that are not installed are listed.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from benchmarks import wandb_server

ROUNDS = 7
RANKS = 8

PROGRAM = """
import json, time
{before}
a = time.perf_counter()
{imports}
b = time.perf_counter()
{init}
c = time.perf_counter()
for step in range(100):
    {log}
d = time.perf_counter()
{finish}
e = time.perf_counter()
print(json.dumps([b - a, c - b, e - d]))
"""
ROW = "{'loss': 0.5, 'accuracy': 0.25}"


@dataclass(frozen=True, slots=True)
class Contender:
    """How a logger is used.

    Attributes:
        imports: the lines of a program that import it. `init`, `log` and `finish` are the other lines.
        package: the package that must be installed.
        variables: environment variables.
        before: what the training program imports in any case.
    """

    imports: str
    init: str
    log: str
    finish: str
    package: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    before: str = ""

    def program(self) -> str:
        return PROGRAM.format(
            before=self.before, imports=self.imports, init=self.init, log=self.log, finish=self.finish
        )


def ours(before: str = "", **variables: str) -> Contender:
    return Contender(
        "from lightning_sweeps import finish, init",
        "run = init('bench')",
        f"run.log({ROW}, step)",
        "finish()",
        variables=tuple(variables.items()),
        before=before,
    )


DEAD = "http://127.0.0.1:1"
AFTER_LIGHTNING = ours("import lightning", LIGHTNING_SWEEPS_URL=DEAD)
TOGETHER = f"lightning_sweeps after `import lightning`, {RANKS} ranks at once on {os.cpu_count()} cores"
CONTENDERS = {
    "lightning_sweeps": ours(LIGHTNING_SWEEPS_URL=DEAD),
    "lightning_sweeps after `import lightning`": AFTER_LIGHTNING,
    "lightning_sweeps, home cannot be written": ours(LIGHTNING_SWEEPS_URL=DEAD, LIGHTNING_SWEEPS_HOME="/proc/none"),
    "wandb offline": Contender(
        "import wandb",
        "run = wandb.init(project='bench', mode='offline', settings=wandb.Settings(silent=True))",
        f"run.log({ROW}, step=step)",
        "run.finish()",
        "wandb",
    ),
    "wandb online": Contender(
        "import wandb",
        "run = wandb.init(project='bench', mode='online', settings=wandb.Settings(silent=True))",
        f"run.log({ROW}, step=step)",
        "run.finish()",
        "wandb",
        (("WANDB_API_KEY", "0" * 40),),
    ),
    "TensorBoard": Contender(
        "from torch.utils.tensorboard import SummaryWriter",
        "run = SummaryWriter('tb')",
        "run.add_scalar('loss', 0.5, step); run.add_scalar('accuracy', 0.25, step)",
        "run.close()",
        "tensorboard",
    ),
    "MLflow (SQLite)": Contender(
        "import mlflow; mlflow.set_tracking_uri('sqlite:///mlflow.db')",
        "mlflow.start_run()",
        f"mlflow.log_metrics({ROW}, step=step)",
        "mlflow.end_run()",
        "mlflow",
    ),
    "trackio local": Contender(
        "import trackio, contextlib",
        "with contextlib.redirect_stdout(None): trackio.init(project='bench')",
        f"trackio.log({ROW}, step=step)",
        "with contextlib.redirect_stdout(None): trackio.finish()",
        "trackio",
    ),
}


def start(contender: Contender, folder: str, wandb_url: str = "") -> subprocess.Popen[str]:
    variables = {
        **os.environ,
        "WANDB_BASE_URL": wandb_url or DEAD,
        "LIGHTNING_SWEEPS_HOME": folder,
        "TRACKIO_DIR": folder,
        "HF_HUB_OFFLINE": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", contender.program()],
        env={**variables, **dict(contender.variables)},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def times(process: subprocess.Popen[str]) -> list[float]:
    printed, errors = process.communicate(timeout=300)
    if process.returncode:
        raise SystemExit(errors)
    return [float(value) for value in json.loads(printed.splitlines()[-1])]


def is_installed(package: str) -> bool:
    try:
        return not package or bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False


def row(name: str, samples: list[list[float]]) -> str:
    imported, init, finish = (statistics.median(sample[place] for sample in samples) for place in range(3))
    return f"| {name} | {imported:.3f} | {1000 * init:.1f} | {1000 * finish:.2f} |"


def measure(present: dict[str, Contender], wandb_url: str) -> dict[str, list[list[float]]]:
    """Return the times of each process, by contender and for all ranks together."""
    samples: dict[str, list[list[float]]] = {name: [] for name in [*present, TOGETHER]}
    for number in range(ROUNDS):
        for name, contender in present.items():
            print(f"round {number + 1} of {ROUNDS}: {name}", file=sys.stderr)
            with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
                samples[name].append(times(start(contender, folder, wandb_url)))
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
            ranks = [start(AFTER_LIGHTNING, folder) for _ in range(RANKS)]
            samples[TOGETHER].extend(times(rank) for rank in ranks)
    return samples


def main() -> None:
    present = {name: contender for name, contender in CONTENDERS.items() if is_installed(contender.package)}
    with wandb_server.running() as wandb_url:
        samples = measure(present, wandb_url)
    print("| | import s | init ms | finish ms |\n|---|---|---|---|")
    for name, measured in samples.items():
        print(row(name, measured))
    for name in CONTENDERS.keys() - present.keys():
        print(f"not measured because it is not installed: {name}")


if __name__ == "__main__":
    main()

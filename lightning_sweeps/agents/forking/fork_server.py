"""`python fork_server.py`: imports libraries and forks the first processes of trials.

Each agent has one, with the environment and the working folder of its trials. The fork server runs one thread, has not
initialised CUDA, and does not run the user's program. A fork of it (`spare.py`) becomes the trial's first process
(`forked.py`) and a child of the agent, which is a child subreaper: the agent collects the exit status itself, and the
kernel ends the trial with the agent. The fork server may end at any time; running trials continue.
"""

from __future__ import annotations

import gc
import importlib
import socket
import sys
import time
from collections.abc import Sequence, Set
from importlib.util import find_spec
from pathlib import Path

from lightning_sweeps.agents.forking import library_state
from lightning_sweeps.agents.forking.forked import ForkContext, become_trial
from lightning_sweeps.agents.forking.import_effects import ProcessState
from lightning_sweeps.agents.forking.process_title import ProcessTitle
from lightning_sweeps.agents.forking.program_imports import can_import_torch, read_imports
from lightning_sweeps.agents.forking.protocol import Launch, Launched, Ready, receive, send
from lightning_sweeps.agents.forking.python_end import PythonEnd
from lightning_sweeps.agents.forking.random_generators import GeneratorStates
from lightning_sweeps.agents.forking.spare import fork_spare
from lightning_sweeps.agents.forking.threads import native_threads, thread_problem
from lightning_sweeps.agents.forking.user_modules import (
    INSTALLED,
    PACKAGE,
    attributes_of,
    library_names,
    user_modules,
)
from lightning_sweeps.core.settings import environment
from lightning_sweeps.system.gpus import used_gpu_library
from lightning_sweeps.system.process_tree import TRIAL_VARIABLE

EVERY_TRIAL = ("lightning_sweeps.sdk.session",)
"""Modules that every trial imports."""
TRIALS_WITH_TORCH = (
    "lightning.pytorch",  # first: it makes torch count GPUs through NVML instead of CUDA, which cannot be forked
    "torch",
    "torch.utils.data",
    "torch.distributed",
    "torch.nn.parallel",
    "torchmetrics",
    *EVERY_TRIAL,
    "lightning_sweeps.trainer.logger",
    "lightning_sweeps.trainer.callback",
)
"""Modules that trials with Lightning or plain DDP import. Packages that are not installed are left out."""


def main(arguments: Sequence[str]) -> None:
    """Serve until the agent closes the socket.

    Args:
        arguments: the descriptor of the socket; the program; the modules of the sweep file's `preload`, separated by
            spaces.

    Raises:
        SystemExit: in a fork, when its program has ended.
    """
    python_end = PythonEnd()
    descriptor, program, modules = arguments[0], Path(arguments[1]), arguments[2].split()
    channel = socket.socket(fileno=int(descriptor))
    title = ProcessTitle.find(TRIAL_VARIABLE)
    before, began_ns = environment(), time.time_ns()
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = str(program.parent)  # imports find what the program would find
    problem = python_end.problem
    if title is None:
        problem = "the system does not report where a process's arguments are stored"
    gc.disable()  # imports leave almost no garbage, and collecting it would take a quarter of their time
    libraries, without_torch = libraries_of(program, modules)
    problem = problem or import_all([name for name in libraries if find_spec(name.partition(".")[0])])
    library_state.prepare_for_fork()
    threads, state, generators = native_threads(), ProcessState.read(), GeneratorStates.read()
    gc.enable()
    problem = problem or import_all(modules)
    if not problem:
        library_state.prepare_for_fork()
        problem = fork_problem(threads) or state.problem_since()
    after, seeded = environment(), generators.seeded_since()
    files = [] if problem else watched_files(modules, without_torch)
    send(channel, Ready(problem, files, began_ns))
    if problem or title is None:
        return
    python_end.keep(library_names())
    gc.collect()
    gc.freeze()  # forks share these objects; they never become garbage
    added = {name: value for name, value in after.items() if before.get(name) != value}
    removed = before.keys() - after.keys()
    launch = serve(channel, threads)
    if launch is not None:
        become_trial(launch, ForkContext(title, added, removed, seeded, python_end))


def libraries_of(program: Path, modules: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the modules to import for every trial, and the files that show that torch need not be among them."""
    read = None if modules else read_imports(program)
    return (TRIALS_WITH_TORCH, ()) if read is None or can_import_torch(read) else (EVERY_TRIAL, read.files)


def import_all(modules: Sequence[str]) -> str:
    """Import everything; return the first problem, or an empty string."""
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:
            return f"`{name}` cannot be imported: {type(error).__name__}: {error}"
    return ""


def fork_problem(threads: Set[int]) -> str:
    """Return why this process must not be forked, or an empty string. What a GPU library has set up is lost in a fork.

    Args:
        threads: the threads that the libraries of every trial have started.
    """
    library = used_gpu_library()
    return thread_problem(threads) or (f"the imports have initialised {library}" if library else "")


def watched_files(modules: Sequence[str], without_torch: Sequence[str]) -> list[str]:
    """Return the files that show, by their modification times, whether the imported code is out of date.

    Installers change the folders with packages. The named modules, and all modules of the user that they have
    imported, may be under development. The files that import no torch now may do so later.
    """
    folders = {path for path in sys.path if path.endswith(INSTALLED) and Path(path).is_dir()}
    named = {attributes_of(sys.modules[name]).get("__file__") for name in (*modules, PACKAGE)}
    own = {file for _, file in user_modules()}
    return sorted(folders | own | set(without_torch) | {path for path in named if isinstance(path, str)})


def serve(channel: socket.socket, threads: Set[int]) -> Launch | None:
    """Hand each trial to a fork.

    Args:
        channel: the socket of the agent.
        threads: the threads that the libraries of every trial have started.

    Returns:
        In the fork: the trial that it must run. In the fork server: None, once the agent has closed the socket.
    """
    problem = ""
    spare = fork_spare(channel)
    while not isinstance(spare, Launch):
        launch = receive(channel, Launch)
        if launch is None:
            return None
        if problem:
            send(channel, Launched(0, problem))
            return None
        send(channel, Launched(spare.assign(launch)))
        problem = fork_problem(threads)
        spare = spare if problem else fork_spare(channel)
    return spare


if __name__ == "__main__":
    main(sys.argv[1:])

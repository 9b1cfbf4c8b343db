"""`python -m lightning_sweeps.agents.forking.fork_server`: imports what trials need, and forks their first processes.

One per agent, with the environment and the working folder of its trials. It stays as good as new: one thread, no
CUDA context, nothing of the user's program. A fork of it (`spare.py`) becomes the trial's first process (`forked.py`)
and a child of the agent, which is a child subreaper: the agent collects its exit status itself, and the kernel ends it
with the agent. The fork server may end at any time; running trials stay.
"""

from __future__ import annotations

import gc
import importlib
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lightning_sweeps.agents.forking import library_state
from lightning_sweeps.agents.forking.forked import Origin, become_trial
from lightning_sweeps.agents.forking.process_title import Title
from lightning_sweeps.agents.forking.protocol import Launch, Launched, Ready, receive, send
from lightning_sweeps.agents.forking.spare import fork_spare
from lightning_sweeps.core.settings import environment
from lightning_sweeps.system.process_tree import TRIAL_VARIABLE

THREADS = Path("/proc/self/task")
DESCRIPTORS = Path("/proc/self/fd")
GPU_DEVICES = "/dev/nvidia"

ALWAYS = (
    "lightning.pytorch",  # first: it tells torch to ask NVML for GPUs, and not CUDA, which no fork can use afterwards
    "torch",
    "torch.utils.data",
    "torch.distributed",
    "torch.nn.parallel",
    "torchmetrics",
    "lightning_sweeps.sdk.session",
    "lightning_sweeps.trainer.logger",
    "lightning_sweeps.trainer.callback",
)
"""What trials of Lightning and plain DDP import, as far as it is installed."""


def main(arguments: Sequence[str]) -> None:
    """Serve until the agent closes the socket whose descriptor is the first argument; the others are modules."""
    channel = socket.socket(fileno=int(arguments[0]))
    title = Title.find(TRIAL_VARIABLE)
    before = environment()
    problem = "the system does not show where a process's arguments lie" if title is None else ""
    gc.disable()  # imports leave next to no garbage, and a quarter of their time would go into looking for it
    problem = problem or import_all(arguments[1].split())
    gc.enable()
    if not problem:
        library_state.settle()
        problem = unfit()
    after = environment()
    send(channel, Ready(problem, [] if problem else watched_files(arguments[1].split())))
    if problem or title is None:
        return
    gc.collect()
    gc.freeze()  # what is here now is never garbage: forks share it, and need not look at it
    added = {name: value for name, value in after.items() if before.get(name) != value}
    launch = serve(channel)
    if launch is not None:
        become_trial(launch, Origin(title, added))


def import_all(modules: Sequence[str]) -> str:
    """Import everything; return what went wrong, or an empty string."""
    for name in [*(name for name in ALWAYS if find_spec(name.partition(".")[0])), *modules]:
        try:
            importlib.import_module(name)
        except Exception as error:
            return f"`{name}` cannot be imported: {type(error).__name__}: {error}"
    return ""


def unfit() -> str:
    """Return why this process must not be forked, or an empty string.

    A thread does not live on in a fork, but the locks that it held do; a CUDA context cannot be used in one.
    """
    threads = len(list(THREADS.iterdir()))
    if threads != 1:
        return f"what was imported has started {threads - 1} more threads"
    torch: Any = sys.modules["torch"]
    if torch.cuda.is_initialized() or any(name.startswith(GPU_DEVICES) for name in open_files()):
        return "what was imported has opened a GPU"
    return ""


def open_files() -> list[str]:
    """Return what this process's descriptors lead to."""
    names = []
    for entry in DESCRIPTORS.iterdir():
        try:
            names.append(str(entry.readlink()))
        except OSError:  # the descriptor that lists them
            continue
    return names


def watched_files(modules: Sequence[str]) -> list[str]:
    """Return files that change when what was imported would now be imported differently.

    An installer changes the folder that packages lie in; the modules named may be ones that someone works on.
    """
    folders = {path for path in sys.path if path.endswith(("site-packages", "dist-packages")) and Path(path).is_dir()}
    named = {getattr(sys.modules[name], "__file__", None) for name in (*modules, __package__)}
    return sorted(folders | {path for path in named if path})


def serve(channel: socket.socket) -> Launch | None:
    """Give trials to forks; return the launch in the fork that is to carry it out, None when the agent is done."""
    problem = ""
    spare = fork_spare(channel)
    while not isinstance(spare, Launch):
        launch = receive(channel, Launch)
        if launch is None:
            return None
        if problem:
            send(channel, Launched(0, problem))
            return None
        send(channel, Launched(spare.give(launch)))
        problem = unfit()
        spare = spare if problem else fork_spare(channel)
    return spare


if __name__ == "__main__":
    main(sys.argv[1:])

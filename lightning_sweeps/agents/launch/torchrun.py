"""Builds command lines of torchrun whose program may have arguments of any name.

torchrun looks for abbreviations of its own options in all words of its command line, behind the program too: `--r=8`
is "ambiguous". It treats every word behind `--` as positional, so `--` goes before the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from lightning_sweeps.agents.gang import GangMember
from lightning_sweeps.agents.launch.interpreted import is_interpreted
from lightning_sweeps.core.program_command import is_python_file, torchrun_position

SEPARATOR = "--"


def torchrun_command(
    program: Sequence[str],
    *,
    interpreter: str,
    processes: int,
    launch_id: str,
    log_folder: PurePath,
    member: GangMember | None = None,
) -> list[str]:
    """Return the command line that starts a program on several ranks.

    Args:
        program: a file or package that the interpreter runs, or an executable file, and its arguments.
        interpreter: the Python that runs torchrun.
        processes: number of ranks on this node.
        launch_id: id of the rendezvous.
        log_folder: where torchrun writes the output of each rank.
        member: this machine in a trial on several machines; None for a trial on one.
    """
    return [
        interpreter,
        "-m",
        "torch.distributed.run",
        f"--nproc-per-node={processes}",
        *_rendezvous_options(member),
        f"--rdzv-id={launch_id}",
        "--max-restarts=0",
        f"--log-dir={log_folder}",
        "--tee=3",
        *([] if is_interpreted(program[0]) else ["--no-python"]),
        SEPARATOR,
        *program,
    ]


def with_separator(tokens: Sequence[str]) -> list[str]:
    """Return the tokens of a `command`, with `--` before the program if torchrun starts it."""
    launcher = torchrun_position(tokens)
    if launcher is None:
        return list(tokens)
    for index in range(launcher + 1, len(tokens)):
        if tokens[index] == SEPARATOR:
            break
        if tokens[index] == "${program}" or is_python_file(tokens[index]):
            return [*tokens[:index], SEPARATOR, *tokens[index:]]
    return list(tokens)


def _rendezvous_options(member: GangMember | None) -> list[str]:
    if member is None:
        return ["--nnodes=1", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    return [
        f"--nnodes={member.nodes}",
        f"--node-rank={member.rank}",
        "--rdzv-backend=static",
        f"--master-addr={member.host}",
        f"--master-port={member.port}",
    ]

"""Options that `agent` and `tune` share: how trials run on this machine. Each is a field of `AgentOptions`."""

from __future__ import annotations

from typing import Annotated

import typer

Count = Annotated[int | None, typer.Option("--count", help="End after this many trials, over all slots.")]
Gpus = Annotated[str | None, typer.Option("--gpus", help="GPUs to use, for example 0,2; `none` for none.")]
GpusPerTrial = Annotated[int | None, typer.Option("--gpus-per-trial", "-g", help="GPUs of one trial (default 1).")]
ProcessesPerTrial = Annotated[
    int | None,
    typer.Option("--processes-per-trial", help="Ranks of one trial (default: the sweep file's, else one per GPU)."),
]
Slots = Annotated[int | None, typer.Option("--slots", help="Trials at once (default: as many as the GPUs allow).")]
Cold = Annotated[bool, typer.Option("--cold", help="Start each trial by itself, with its own imports.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Do not show what the trials print.")]
IdleTimeout = Annotated[
    float | None,
    typer.Option("--idle-timeout", help="Give up after so many seconds without a trial (default: never)."),
]
GraceS = Annotated[
    float, typer.Option("--grace-s", help="Seconds that a trial told to stop has before it gets SIGTERM.")
]
GpuMemoryFloorGib = Annotated[
    float,
    typer.Option("--gpu-memory-floor-gib", help="Take a trial only while each of its GPUs has so much memory free."),
]
DiskFloorGib = Annotated[
    float, typer.Option("--disk-floor-gib", help="Give up with less space for runs and checkpoints.")
]
MaxQuickFailures = Annotated[
    int | None,
    typer.Option(
        "--max-quick-failures", help="Give up when so many trials in a row fail at once (default: `max_failures`)."
    ),
]
Address = Annotated[
    str | None,
    typer.Option("--address", help="By which other machines reach this one, for trials over several (default: found)."),
]

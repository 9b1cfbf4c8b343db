"""Words that people type for a command because another tool, or another command, calls it so."""

from __future__ import annotations

HINTS = {
    "best": "`lightning-sweeps status SWEEP_ID` shows the best trial of a sweep",
    "cancel": "`lightning-sweeps sweep --cancel SWEEP_ID` ends a sweep and its running trials",
    "create": "`lightning-sweeps sweep FILE` creates a sweep, `lightning-sweeps tune FILE` also runs it",
    "dashboard": "`lightning-sweeps ui` opens the dashboard",
    "help": "`lightning-sweeps --help` lists the commands, `lightning-sweeps COMMAND --help` explains one",
    "init": "nothing has to be set up; `lightning_sweeps.init()` in your program starts a run",
    "launch": "`lightning-sweeps agent SWEEP_ID` runs a sweep's trials here, also on Slurm and other clusters",
    "list": "`lightning-sweeps runs` lists runs, `lightning-sweeps status` lists sweeps",
    "ls": "`lightning-sweeps runs` lists runs, `lightning-sweeps status` lists sweeps",
    "pause": "`lightning-sweeps sweep --pause SWEEP_ID` pauses a sweep",
    "resume": "`lightning-sweeps sweep --resume SWEEP_ID` continues a sweep",
    "run": "`lightning-sweeps tune FILE` runs a sweep, `lightning-sweeps runs` lists runs",
    "start": "`lightning-sweeps tune FILE` runs a sweep, `lightning-sweeps server` starts a server for a team",
    "stop": "`lightning-sweeps sweep --stop SWEEP_ID` ends a sweep, `lightning-sweeps server --stop` the local server",
    "sweeps": "`lightning-sweeps status` lists sweeps",
    "trials": "`lightning-sweeps status SWEEP_ID` lists the trials of a sweep",
    "version": "`lightning-sweeps --version` shows the version",
}

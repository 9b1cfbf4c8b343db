"""Defines the states and modes of a run, for journals, HTTP messages and the database."""

from __future__ import annotations

from typing import Literal

RunState = Literal["running", "finished", "failed", "killed", "stopped", "preempted", "lost"]
"""lost: its machine has sent nothing for a long time. The run is `running` again if the machine sends something."""
FINAL_RUN_STATES: frozenset[str] = frozenset({"finished", "failed", "killed", "stopped", "preempted", "lost"})
FAILED_RUN_STATES: frozenset[str] = frozenset({"failed", "killed", "lost"})

RunsShown = Literal["active", "archived", "deleted", "all"]
"""Which runs a list shows. active: those that are neither archived nor in the trash; deleted: those in the trash."""

LoggerMode = Literal["single", "grouped", "shared"]
"""single: one run that rank 0 logs; grouped: one run for each rank; shared: one run that every rank logs to."""

SpaceBy = Literal["project", "run", "key"]
"""What a report of the used space is divided by."""

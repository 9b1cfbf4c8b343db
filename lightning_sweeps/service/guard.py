"""Ends the trials of agents that died: the service is outside their process trees."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.process_tree import ProcessTree, TrialProcess, find_tree, kill_tree

logger = logging.getLogger("lightning_sweeps.service")

CHECK_INTERVAL_S = 1.0


@dataclass(slots=True)
class TrialGuard:
    """Checks every trial with a process file on this node."""

    home: Home
    report_dead: Callable[[str], None]
    """Called with the id of an agent that died, when no process of its trial is left: the trial may run elsewhere."""
    is_guarding: bool = False
    """Whether a trial of a living agent existed at the last check."""
    _next_at: float = 0.0

    def check(self) -> None:
        """End the processes of dead agents' trials; check at most once per `CHECK_INTERVAL_S`."""
        now = time.monotonic()
        if now < self._next_at:
            return
        self._next_at = now + CHECK_INTERVAL_S
        self.is_guarding = False
        for folder in self.home.trials.glob("*/process.json"):
            trial = self.home.trial(folder.parent.name)
            try:
                running = msgspec.json.decode(trial.process.read_bytes(), type=TrialProcess)
            except (OSError, msgspec.DecodeError) as error:
                logger.error("cannot read `%s`: %s", trial.process, error)
                continue
            if running.node != node_id():  # a shared home folder: that node's service guards the trial
                continue
            if running.agent.is_alive:
                self.is_guarding = True
            else:
                self._end(running, ProcessTree(first=running.first, trial_file=trial.parameters))

    def _end(self, running: TrialProcess, tree: ProcessTree) -> None:
        left = find_tree(tree)
        if left:
            logger.warning("the agent of `%s` is dead: ending its %d processes", tree.trial_file, len(left))
            for survivor in kill_tree(tree):
                logger.error("cannot end process %s of a dead agent's trial", survivor)
                return
        (tree.trial_file.parent / "process.json").unlink(missing_ok=True)
        if running.agent_id:
            self.report_dead(running.agent_id)

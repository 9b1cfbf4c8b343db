"""Carries out what `decisions.py` decides: what the agent says, and what is done to the trial that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lightning_sweeps.agents.decisions import (
    Action,
    Event,
    Kill,
    Quit,
    Say,
    ShowStacks,
    Start,
    State,
    Terminate,
    decide,
)
from lightning_sweeps.agents.launch.process import TrialRun
from lightning_sweeps.agents.signals import Signals


@dataclass(slots=True)
class Conductor:
    """The agent's state, and the hands that act on it.

    Attributes:
        say: shows one line to the person.
        trial_run: what is terminated or killed when that is decided; None between trials.
    """

    state: State
    signals: Signals
    say: Callable[[str], None]
    trial_run: TrialRun | None = None

    def carry_out(self, event: Event, *, now: float) -> int | None:
        """Decide on what has happened and act; return the exit status where the agent is to end."""
        self.state, actions = decide(self.state, event, now=now)
        for action in actions:
            if isinstance(action, Quit):
                return action.status
            self._act(action)
        return None

    def hear(self, *, now: float) -> int | None:
        """Carry out the signals that have come in; return the exit status where the agent is to end."""
        for event in self.signals.take():
            status = self.carry_out(event, now=now)
            if status is not None:
                return status
        return None

    def _act(self, action: Action) -> None:
        run = self.trial_run
        match action:
            case Say(text):
                self.say(text)
            case Start(trial):
                shown = ", ".join(f"{name}={value}" for name, value in trial.params.items())
                self.say(f"trial {trial.number} ({trial.id}) starts: {shown}")
            case ShowStacks() if run is not None:
                run.show_stacks()
            case Terminate() if run is not None:
                run.terminate()
            case Kill() if run is not None:
                run.kill()

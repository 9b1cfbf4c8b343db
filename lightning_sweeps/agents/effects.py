"""Carries out the actions that `decisions.py` chooses: prints messages and signals the running trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lightning_sweeps.agents.decisions import (
    Action,
    AgentState,
    Event,
    Kill,
    Quit,
    Say,
    ShowStacks,
    Start,
    Terminate,
    decide,
)
from lightning_sweeps.agents.launch.process import TrialRun
from lightning_sweeps.agents.signals import Signals


@dataclass(slots=True)
class EffectHandler:
    """Stores the agent's state, and carries out the actions that follow from events.

    Attributes:
        state: the state after the last event.
        signals: the signals that this process has received.
        say: prints one line for the user.
        is_start_said: whether to say that a trial starts.
        trial_run: the running trial, to which `Terminate` and `Kill` apply; None between trials.
    """

    state: AgentState
    signals: Signals
    say: Callable[[str], None]
    is_start_said: bool = True
    trial_run: TrialRun | None = None

    def handle(self, event: Event, *, now: float) -> int | None:
        """Decide on an event and carry out the actions.

        Args:
            event: what happened.
            now: monotonic time in seconds.

        Returns:
            The exit status if the agent must end, else None.
        """
        self.state, actions = decide(self.state, event, now=now)
        for action in actions:
            if isinstance(action, Quit):
                return action.status
            self._act(action)
        return None

    def handle_signals(self, *, now: float) -> int | None:
        """Handle the signals received since the last call; return the exit status if the agent must end."""
        for event in self.signals.take():
            status = self.handle(event, now=now)
            if status is not None:
                return status
        return None

    def _act(self, action: Action) -> None:
        run = self.trial_run
        match action:
            case Say(text):
                self.say(text)
            case Start() if not self.is_start_said:
                return
            case Start(trial):
                shown = ", ".join(f"{name}={value}" for name, value in trial.params.items())
                self.say(f"trial {trial.number} ({trial.id}) starts: {shown}")
            case ShowStacks() if run is not None:
                run.show_stacks()
            case Terminate() if run is not None:
                run.terminate()
            case Kill() if run is not None:
                run.kill()

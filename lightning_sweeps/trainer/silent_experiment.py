"""What `experiment` is on a rank that does not log."""

from __future__ import annotations

from typing import Any


class SilentExperiment:
    """Takes whatever a program does with a run on all ranks, and does nothing.

    Lightning's own stand-in gives functions for attributes, so that `experiment.config.update(...)` fails on every rank
    but 0 (https://github.com/Lightning-AI/pytorch-lightning/issues/13166); here an attribute is silent in turn.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # pickle, copy and numpy ask for these, and must hear no
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - takes anything
        return None

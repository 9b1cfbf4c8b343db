"""Defines the `experiment` of a rank that does not log."""

from __future__ import annotations

from typing import Any


class NoOpExperiment:
    """Accepts every method call and attribute of a run and does nothing.

    Lightning's own replacement returns functions for attributes, so `experiment.config.update(...)` fails on every rank
    but 0 (https://github.com/Lightning-AI/pytorch-lightning/issues/13166). Here an attribute accepts everything, too.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # pickle, copy and numpy look for these and must not find them
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - takes anything
        return None

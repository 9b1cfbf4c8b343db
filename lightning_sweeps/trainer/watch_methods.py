"""Defines the methods of `SweepLogger` that watch a model."""

from __future__ import annotations

import torch

from lightning_sweeps.sdk.run import Run
from lightning_sweeps.trainer.model_watch import ModelWatch, Watched


class WatchMethods:
    """Watches one model. A pickled logger watches the model of the other process when training starts there."""

    _watch: ModelWatch | None = None
    _watched: tuple[Watched, int] | None = None
    """The arguments of `watch`, for the process that this logger is pickled to."""

    def _current_run(self) -> Run:
        raise NotImplementedError

    def _warn_once(self, message: str) -> None:
        raise NotImplementedError

    def watch(
        self,
        model: torch.nn.Module,
        log: Watched | None = "gradients",
        log_freq: int = 100,
        log_graph: bool = False,  # noqa: ARG002 - other loggers have it
    ) -> None:
        """Log histograms of a model's gradients or parameters, computed on the device. Never raises.

        Under DDP these are the gradients of this rank, before they are averaged.

        Args:
            model: the model.
            log: `gradients`, `parameters` or `all`. None: nothing.
            log_freq: log at every `log_freq`th training step.
            log_graph: ignored: graphs are not stored.
        """
        self.unwatch()
        if log is None:
            return
        try:
            self._watch = ModelWatch(model, self._current_run, what=log, every=log_freq)
        except Exception as error:  # a wrong argument, or a model that is no module
            self._warn_once(f"watch() is ignored: {error}")
            return
        self._watched = (log, log_freq)

    def unwatch(self, model: torch.nn.Module | None = None) -> None:  # noqa: ARG002 - other loggers have it
        """Stop logging the histograms that `watch` has started.

        Args:
            model: ignored: one model is watched at a time.
        """
        self._watched = None
        if self._watch is not None:
            self._watch.remove()
            self._watch = None

    def _watch_again(self, model: torch.nn.Module) -> None:
        if self._watch is None and self._watched is not None:
            self.watch(model, *self._watched)

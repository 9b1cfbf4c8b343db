"""Logs checkpoints: the best and the last one in the summary, and the files as artifacts if the user wants them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lightning_sweeps.errors import LightningSweepsError
from lightning_sweeps.sdk.arguments import choice_argument
from lightning_sweeps.sdk.run import Run

log = logging.getLogger("lightning_sweeps")

LogModel = bool | Literal["all"]
BEST = "best"


@dataclass(frozen=True, slots=True)
class SavedCheckpoint:
    """One checkpoint file of a ModelCheckpoint.

    Attributes:
        path: the file.
        is_best: whether it is the best one so far.
        score: the monitored value, if it is known.
    """

    path: Path
    is_best: bool
    score: float | None


@dataclass(slots=True)
class CheckpointLog:
    """Logs the checkpoints of one logger.

    Attributes:
        log_model: which checkpoints become artifacts. True: the best and the last one, at the end of training. "all":
            each one when it is saved. False: none.

    Raises:
        UsageError: `log_model` is anything else.
    """

    log_model: LogModel
    _pending: list[SavedCheckpoint] = field(default_factory=list)
    _logged: dict[Path, float] = field(default_factory=dict)
    """Files that are artifacts already, with the time of their last change."""

    def __post_init__(self) -> None:
        self.log_model = choice_argument("log_model", self.log_model, (False, True, "all"))

    def record(self, run: Run, callback: Any) -> None:
        """Record the state of a ModelCheckpoint after it has saved. It may no longer exist when training ends."""
        score = getattr(callback, "best_model_score", None)
        values = {
            "best_model_path": getattr(callback, "best_model_path", None),
            "best_model_score": None if score is None else float(score),
            "last_model_path": getattr(callback, "last_model_path", None),
        }
        run.summary.update({name: value for name, value in values.items() if value not in (None, "")})
        if self.log_model is False:
            return
        self._pending = _list_saved(callback, everything=self.log_model == "all")
        if self.log_model == "all":
            self.log_pending(run)

    def log_pending(self, run: Run) -> None:
        """Store new checkpoints as artifacts, the best one last so that its alias is right.

        A failure is logged, and training continues.
        """
        for saved in sorted(self._pending, key=lambda one: one.is_best):
            try:
                changed = saved.path.stat().st_mtime
                if self._logged.get(saved.path) != changed:
                    self._log_artifact(run, saved)
                    self._logged[saved.path] = changed
            except FileNotFoundError:  # a better one has replaced it
                continue
            except (OSError, LightningSweepsError) as error:
                log.warning("cannot store the checkpoint `%s` as an artifact: %s", saved.path, error)
        self._pending = []

    def _log_artifact(self, run: Run, saved: SavedCheckpoint) -> None:
        aliases = [BEST] if saved.is_best else []
        metadata = {"score": saved.score, "file": saved.path.name}
        run.log_artifact(saved.path, f"model-{run.id}", kind="model", aliases=aliases, metadata=metadata)


def _list_saved(callback: Any, *, everything: bool) -> list[SavedCheckpoint]:
    best = getattr(callback, "best_model_path", "")
    last = getattr(callback, "last_model_path", "")
    scores = dict(getattr(callback, "best_k_models", None) or {})
    paths = {path for path in (*(scores if everything else ()), best, last) if path}
    return [
        SavedCheckpoint(Path(path), path == best, float(scores[path]) if path in scores else None)
        for path in sorted(map(str, paths))
    ]

"""What a logger keeps of checkpoints: which is best and last, and, where wanted, the files as artifacts."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lightning_sweeps.errors import LightningSweepsError, UsageError
from lightning_sweeps.sdk.run import Run

log = logging.getLogger("lightning_sweeps")

LogModel = bool | Literal["all"]
BEST = "best"


@dataclass(frozen=True, slots=True)
class Saved:
    """One checkpoint file that a ModelCheckpoint has."""

    path: Path
    is_best: bool
    score: float | None


@dataclass(slots=True)
class LoggedCheckpoints:
    """The checkpoints of one logger.

    Attributes:
        wanted: True: best and last when training has ended; "all": each as it is saved; False: none.
    """

    wanted: LogModel
    _pending: list[Saved] = field(default_factory=list)
    _kept: dict[Path, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.wanted not in (True, False, "all"):
            raise UsageError(f"`log_model` is `{self.wanted}`, allowed: False, True, all")

    def note(self, run: Run, callback: Any) -> None:
        """Take what a ModelCheckpoint says after it has saved; it may be gone when training has ended."""
        score = getattr(callback, "best_model_score", None)
        found = {
            "best_model_path": getattr(callback, "best_model_path", None),
            "best_model_score": None if score is None else float(score),
            "last_model_path": getattr(callback, "last_model_path", None),
        }
        run.summary.update({name: value for name, value in found.items() if value not in (None, "")})
        if self.wanted is False:
            return
        self._pending = _saved(callback, everything=self.wanted == "all")
        if self.wanted == "all":
            self.keep_pending(run)

    def keep_pending(self, run: Run) -> None:
        """Keep what was saved since, the best last so that its alias is right. What fails is said; training goes on."""
        for saved in sorted(self._pending, key=lambda one: one.is_best):
            try:
                changed = saved.path.stat().st_mtime
                if self._kept.get(saved.path) != changed:
                    self._keep(run, saved)
                    self._kept[saved.path] = changed
            except FileNotFoundError:  # replaced by a better one meanwhile
                continue
            except (OSError, LightningSweepsError) as error:
                log.warning("cannot keep the checkpoint `%s`: %s", saved.path, error)
        self._pending = []

    def _keep(self, run: Run, saved: Saved) -> None:
        aliases = [BEST] if saved.is_best else []
        metadata = {"score": saved.score, "file": saved.path.name}
        version = run.artifacts.add(
            saved.path, name=f"model-{run.id}", kind="model", aliases=aliases, metadata=metadata
        )
        run.note_artifact(version, "output", aliases)


def _saved(callback: Any, *, everything: bool) -> list[Saved]:
    best = getattr(callback, "best_model_path", "")
    last = getattr(callback, "last_model_path", "")
    scores = dict(getattr(callback, "best_k_models", None) or {})
    paths = {path for path in (*(scores if everything else ()), best, last) if path}
    return [
        Saved(Path(path), path == best, float(scores[path]) if path in scores else None)
        for path in sorted(map(str, paths))
    ]

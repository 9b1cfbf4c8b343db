"""The calls of a W&B run that have another name or no counterpart here."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import LightningSweepsError
from lightning_sweeps.journal.conform import text, texts
from lightning_sweeps.journal.records import Text
from lightning_sweeps.sdk.code_files import CODE_PATTERNS, find_code
from lightning_sweeps.sdk.guarded import guarded
from lightning_sweeps.sdk.local_artifacts import ArtifactVersion
from lightning_sweeps.sdk.metric_definitions import COMPUTED, GOALS, SUMMARIES, MetricDefinition, MetricDefinitions
from lightning_sweeps.sdk.page_url import find_page_url
from lightning_sweeps.sdk.run_artifacts import RunArtifacts
from lightning_sweeps.sdk.run_end import RunEnd
from lightning_sweeps.sdk.run_identity import RunIdentity
from lightning_sweeps.sdk.run_media import RunMedia

logger = logging.getLogger("lightning_sweeps")


class Missing:
    """An attribute that W&B's run has and ours does not: reading it raises with what to write instead.

    Python itself suggests similar names for all other attributes.
    """

    def __init__(self, instead: str) -> None:
        self._instead = instead

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, run: object, owner: type) -> Any:
        if run is None:
            return self
        raise self._error()

    def __set__(self, run: object, value: object) -> None:
        raise self._error()

    def _error(self) -> AttributeError:
        return AttributeError(
            str(LightningSweepsError(f"a run has no attribute `{self._name}`", hint=f"use {self._instead}"))
        )


class WandbCalls(RunIdentity, RunMedia, RunArtifacts, RunEnd):
    """Translates the calls to those of `Run`."""

    _watches: list[Any]

    finish_artifact = Missing("`log_artifact`")
    history = Missing("`lightning_sweeps.Api().points(run.id, key)`")
    link_artifact = Missing("`log_artifact(..., aliases=[...])`")
    link_model = Missing("`log_artifact(..., kind='model', aliases=[...])`")
    mark_preempting = Missing("`SweepCallback`, or `finish('preempted')`")
    restore = Missing("`download_artifact(name)`")
    scan_history = Missing("`lightning_sweeps.Api().points(run.id, key)`")
    to_html = Missing("`lightning_sweeps.view()`")
    display = Missing("`lightning_sweeps.view()`")
    upsert_artifact = Missing("`log_artifact` on rank 0")
    use_model = Missing("`download_artifact(name)`")

    # identity

    @property
    def entity(self) -> str:
        """An empty text: a server has no entities. Its API keys say who may do what."""
        return ""

    @property
    def dir(self) -> str:
        """The folder of the run, which is created."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._report(f"cannot create `{self.folder}`: {error.strerror}", about="folder")
        return str(self.folder)

    @property
    def path(self) -> str:
        """Project and id, as `project/id`."""
        return f"{self.project}/{self.id}"

    @property
    def url(self) -> str | None:
        """The address of the run's page. None in mode `offline`, and if the local server has never been started."""
        return find_page_url(self._home, read_settings(), self.id)

    def get_url(self) -> str | None:
        """Return the address of the run's page."""
        return self.url

    def project_name(self) -> str:
        """Return the name of the project."""
        return self.project

    @property
    def step(self) -> int:
        """The step of the next row without a step."""
        return self._steps.default()

    @property
    def starting_step(self) -> int:
        """The step that this attempt continues from, else 0."""
        return self._info.resumed_step or 0

    @property
    def resumed(self) -> bool:
        """Whether this is not the first attempt of the run."""
        return self._info.attempt > 0

    @property
    def disabled(self) -> bool:
        """Whether this run writes nothing."""
        return self._writer is None

    @property
    def offline(self) -> bool:
        """Whether rows stay on this machine until `lightning-sweeps sync`."""
        return self._journals == self._home.offline

    @property
    def sweep_id(self) -> str | None:
        """The id of the sweep, or None outside a sweep."""
        return self._info.sweep

    def status(self) -> str:
        """Return `finished` after `finish`, else `running`."""
        return "finished" if self._finished else "running"

    # metrics

    @guarded
    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
        **others: Any,
    ) -> None:
        """Define what the summary contains of a metric, and over which metric it is meant to be drawn.

        Args:
            name: the metric, or a pattern with `*`.
            step_metric: the metric for the horizontal axis. It is recorded in the summary as `axis.<name>`.
            step_sync: ignored.
            hidden: ignored.
            summary: `min`, `max`, `mean`, `best`, `last` or several with commas. They are recorded as
                `<name>.min` and so on. Default: only the last value, which is always there.
            goal: `minimize` or `maximize`, which determines `best`.
            overwrite: ignored.
            others: ignored, and a warning says so.
        """
        wanted = [] if summary is None else [part.strip() for part in text(summary).split(",") if part.strip()]
        self._define(text(name), wanted, "minimize" if goal is None else text(goal))
        if step_metric is not None:
            self.summary.update({"axis": {text(name): text(getattr(step_metric, "name", step_metric))}})
        if others:
            self._report(f"define_metric() ignores {', '.join(others)}", about="define_metric others")

    def _define(self, name: str, wanted: Sequence[str], goal: str) -> None:
        unknown = [what for what in wanted if what not in SUMMARIES] + [goal] * (goal not in GOALS)
        if unknown:
            self._report(
                f"define_metric() got `{unknown[0]}`, allowed: {', '.join(SUMMARIES)}; {', '.join(GOALS)}",
                about=f"define_metric {name}",
            )
        if self._definitions is None:
            self._definitions = MetricDefinitions(self.summary.update)
        kept = tuple(what for what in wanted if what in COMPUTED)
        self._definitions.add(MetricDefinition(name, kept, goal if goal in GOALS else "minimize"))

    # what else a run records

    @guarded
    def alert(self, title: str, text: str = "", level: Any = "INFO", wait_duration: Any = None) -> None:
        """Log a message, and record it among the printed lines. A server with the rule `run_alert` sends it.

        Args:
            title: the message.
            text: more about it.
            level: its level, such as `WARN`.
            wait_duration: ignored.
        """
        line = f"alert ({getattr(level, 'name', level)}): {title}{': ' if text else ''}{text}"
        logger.warning("%s", line.encode("utf-8", "replace").decode())
        if self._writer is not None:
            self._reopen()
            self._writer.append(lambda sequence, time: Text(sequence, time, "stderr", line))

    @guarded
    def save(self, glob_str: str | Path | None = None, base_path: Any = None, policy: Any = None) -> list[str]:
        """Store the files that match a pattern with the run, under their names. Without a pattern, do nothing.

        Args:
            glob_str: a path, or a pattern with `*`.
            base_path: ignored.
            policy: ignored: files are stored now.

        Returns:
            The paths.
        """
        if glob_str is None:
            return []
        pattern = Path(text(glob_str))
        root = Path(pattern.anchor) if pattern.is_absolute() else Path.cwd()
        found = sorted(path for path in root.glob(str(pattern.relative_to(pattern.anchor))) if path.is_file())
        if not found:
            self._report(f"save(): no file matches `{pattern}`", about=f"save {pattern}")
        for path in found:
            self.log_file(path.name, path)
        return [str(path) for path in found]

    @guarded
    def log_model(self, path: str | Path, name: str | None = None, aliases: Sequence[str] = ()) -> None:
        """Store a model as a version of an artifact."""
        self.log_artifact(path, name, kind="model", aliases=aliases)

    @guarded
    def log_code(
        self,
        root: str | Path | None = ".",
        name: str = "code",
        *,
        patterns: Sequence[str] = CODE_PATTERNS,
        **others: Any,
    ) -> ArtifactVersion | None:
        """Store source files as a version of an artifact, without hidden folders, caches and files over 1 MiB.

        Args:
            root: the folder with the code.
            name: the name of the artifact.
            patterns: which files to store. Default: Python, YAML, TOML and shell files.
            others: ignored.

        Returns:
            The version. None on a rank that does not log, and if it cannot be stored.
        """
        if self._writer is None:
            return None
        folder = Path(text(root if root is not None else ".")).resolve()
        return self.log_artifact(folder, name, kind="code", only=find_code(folder, texts(patterns)))

    @guarded
    def watch(
        self, models: Any, criterion: Any = None, log: Any = "gradients", log_freq: int = 100, **others: Any
    ) -> None:
        """Log histograms of a model's gradients or parameters.

        Args:
            models: the model, or several.
            criterion: ignored.
            log: `gradients`, `parameters`, `all`, or None to log nothing.
            log_freq: log at every `log_freq`th training step.
            others: ignored.
        """
        self.unwatch()
        if log is None or self._writer is None:
            return
        watching: Any = importlib.import_module("lightning_sweeps.trainer.model_watch")  # it needs torch
        for model in models if isinstance(models, list | tuple) else [models]:
            self._watches.append(watching.ModelWatch(model, lambda: self, what=log, every=log_freq))

    @guarded
    def unwatch(self, models: Any = None) -> None:
        """Stop logging the histograms that `watch` has started."""
        for watch in self._watches:
            watch.remove()
        self._watches = []

    def _add_tag(self, tag: str) -> None:
        self.tags = (*self.tags, tag)

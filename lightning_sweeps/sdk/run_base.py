"""Declares what the parts of `Run` share. `run.py` defines it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.journal.writer import JournalWriter

if TYPE_CHECKING:
    from lightning_sweeps.sdk.metric_definitions import MetricDefinitions
    from lightning_sweeps.sdk.recorded_map import RecordedMap
    from lightning_sweeps.sdk.run import StepCounter
    from lightning_sweeps.sdk.terminal_messages import TerminalMessages


class RunBase:
    """The state of a run in this process."""

    config: RecordedMap
    summary: RecordedMap
    trial: TrialFile | None
    _info: RunInfo
    _home: Home
    _journals: Path | None
    _writer: JournalWriter | None
    _steps: StepCounter
    _definitions: MetricDefinitions | None
    _finished: bool
    _messages: TerminalMessages | None

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Log one row of metrics."""
        raise NotImplementedError

    def _tell_rejections(self) -> None:
        raise NotImplementedError

    def _reopen(self) -> None:
        raise NotImplementedError

    def _report(self, problem: str, *, about: str) -> None:
        raise NotImplementedError

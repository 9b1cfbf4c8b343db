"""Defines the alert."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lightning_sweeps.messages import AlertKind


@dataclass(frozen=True, slots=True)
class Alert:
    """A message about one event.

    Attributes:
        kind: The event.
        title: One line that names the event and its sweep or run.
        text: Details, of one or more lines.
        project: Name of the project; empty if the event concerns none.
        sweep: Id of the sweep, or None if the event does not concern a sweep.
        run: Id of the run, or None if the event does not concern a single run.
        url: Page of the dashboard that shows more.
        time: When the server noticed the event, in seconds since the epoch.
    """

    kind: AlertKind
    title: str
    text: str
    project: str
    sweep: str | None
    run: str | None
    url: str
    time: float

    def to_json(self) -> dict[str, Any]:
        """Return the fields as values for JSON, in the order of the attributes."""
        return asdict(self)

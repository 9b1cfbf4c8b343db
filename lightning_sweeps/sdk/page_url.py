"""Finds the address of a run's page, from the settings and a file in the home folder. Uses no network."""

from __future__ import annotations

import msgspec

from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings


def find_page_url(home: Home, settings: Settings, run_id: str) -> str | None:
    """Return the address of a run's page. None in mode `offline`, and if no local server is running yet."""
    if settings.mode != "online":
        return None
    base = settings.url
    if not base:
        try:
            base = msgspec.json.decode(home.server_file.read_bytes(), type=ServerFile).url
        except (OSError, msgspec.DecodeError):
            return None
    return f"{base}/runs/{run_id}"

"""Completes words of a command line from what the server has: ids of sweeps and runs, projects, metrics, API keys.

The server is asked with a short deadline. Without an answer there is nothing to complete, and nothing is said.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.errors import LightningSweepsError, NotFound

DEADLINE_S = 1.5
MOST_RUNS = 200

CONNECTION = "lightning_sweeps.client.connection"
"""Imported when the server is asked: commands and their help do not wait for it."""

_QUOTED = re.compile(r"`([^`]+)`")

Words = list[tuple[str, str]]
"""Words with what the shell shows beside them."""


def sweeps(incomplete: str) -> Words:
    """Return ids of sweeps, the newest first."""
    return _ask(incomplete, lambda client: ((one.id, f"{one.name} ({one.state})") for one in client.sweeps()))


def runs(incomplete: str) -> Words:
    """Return ids of runs, the newest first."""
    return _ask(incomplete, lambda client: ((one.id, f"{one.name} ({one.state})") for one in _runs(client)))


def projects(incomplete: str) -> Words:
    """Return names of projects."""
    return _ask(incomplete, lambda client: ((name, "") for name in client.projects()))


def metrics(incomplete: str) -> Words:
    """Return the metrics of the newest runs."""
    return _ask(
        incomplete, lambda client: ((key, "") for key in sorted({key for one in _runs(client) for key in one.summary}))
    )


def api_keys(incomplete: str) -> Words:
    """Return names of API keys."""
    return _ask(incomplete, lambda client: ((key.name, key.role) for key in client.api_keys()))


def hint_for(error: NotFound) -> str:
    """Return what was probably meant with the id that the server does not have; empty if nothing is similar."""
    words = _QUOTED.findall(error.message)
    if not words:
        return ""
    if words[0].endswith((".yaml", ".yml")):
        return f"`lightning-sweeps tune {words[0]}` creates a sweep from a file and runs it"
    if error.message.startswith("no trial") and words[0] in dict(sweeps(words[0])):
        return f"`{words[0]}` is a sweep; `lightning-sweeps trial {words[0]}/1` is its first trial"
    kinds = {"sweep": sweeps, "run": runs, "key": api_keys}
    known = next((find("") for kind, find in kinds.items() if kind in error.message.partition("`")[0]), [])
    return did_you_mean(words[0], [word for word, _ in known])


def _runs(client: Any) -> Any:
    return client.runs(limit=MOST_RUNS).runs


def _ask(incomplete: str, question: Callable[[Any], Iterable[tuple[str, str]]]) -> Words:
    """Ask the server that runs, in a thread that is left behind at the deadline. Starts no server."""
    found: Words = []

    def ask() -> None:
        try:
            connection = importlib.import_module(CONNECTION)
            settings = connection.read_settings()
            address = connection.find_server(settings)
            if address is not None:
                with connection.Client(
                    address.url, address.token, timeout_s=DEADLINE_S, ca_file=settings.ca_file
                ) as client:
                    found.extend(question(client))
        except LightningSweepsError:
            return  # a shell has no place for an error; the command itself says it

    thread = threading.Thread(target=ask, name="completion", daemon=True)
    thread.start()
    thread.join(DEADLINE_S)
    return [] if thread.is_alive() else [one for one in found if one[0].startswith(incomplete)]

"""Names signals in messages."""

from __future__ import annotations

import signal


def signal_name(number: int) -> str:
    """Return a signal's number and name, for example `signal 9 (SIGKILL)`."""
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"

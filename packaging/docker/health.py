"""Exits with 0 if the server of this home folder and its database answer. Used by health checks of containers."""

from __future__ import annotations

import sys

from lightning_sweeps.client.connection import connect
from lightning_sweeps.errors import LightningSweepsError

TIMEOUT_S = 5.0

try:
    with connect(start_local=False, timeout_s=TIMEOUT_S) as client:
        print(client.health().status)
except LightningSweepsError as error:
    sys.exit(str(error))

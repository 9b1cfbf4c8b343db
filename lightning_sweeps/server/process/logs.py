"""What the server says of itself: plain lines, or one JSON object a line for programs that collect logs."""

from __future__ import annotations

import json
import logging
import sys
from enum import Enum
from typing import Any


class LogFormat(str, Enum):
    """How log lines look."""

    text = "text"
    json = "json"


class JsonLines(logging.Formatter):
    """A record as one JSON object: time (seconds since the epoch), level, logger, message, and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_json() -> None:
    """Let everything that is logged in this process go to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)

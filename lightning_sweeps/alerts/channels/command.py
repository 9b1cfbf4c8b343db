"""Runs a program for each alert."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from typing import IO

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.errors import AlertNotSent, UsageError

TIMEOUT_S = 20.0
TAIL_BYTES = 500


class CommandChannel:
    """Runs a program with the alert as a JSON object on its standard input.

    The command comes from the command line of the server. No request can set or change it, and it runs without a
    shell.

    Args:
        command: Program and arguments, quoted as in a shell.

    Raises:
        UsageError: `command` is not valid, or there is no such program.
    """

    def __init__(self, command: str) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"the command of the alert channel `command` is not valid ({error})") from None
        if not self._command or shutil.which(self._command[0]) is None:
            name = self._command[0] if self._command else command
            raise UsageError(
                f"the alert channel `command` cannot find the program `{name}`",
                hint="give a program on the PATH, or its full path",
            )

    def send(self, alert: Alert) -> None:
        """Run the program and wait for its end. Exit status 0 counts as accepted.

        Raises:
            AlertNotSent: the program cannot be started, it ended with another status, or it ran longer than
                `TIMEOUT_S` seconds and was killed.
        """
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as errors:
            given.write(json.dumps(alert.to_json()).encode())
            given.seek(0)
            status = self._run(given, errors)
            if status != 0:
                raise AlertNotSent(f"the program `{self._command[0]}` ended with status {status}{_tail(errors)}")

    def _run(self, given: IO[bytes], errors: IO[bytes]) -> int:
        try:  # files instead of pipes, so that this does not wait for processes that outlive the program
            process = subprocess.Popen(
                self._command, stdin=given, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
            )
        except OSError as error:
            raise AlertNotSent(f"the program `{self._command[0]}` cannot be started ({error.strerror})") from None
        try:
            return process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AlertNotSent(
                f"the program `{self._command[0]}` ran longer than {TIMEOUT_S:.0f} s and was killed"
            ) from None


def _tail(errors: IO[bytes]) -> str:
    end = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, end - TAIL_BYTES))
    text = errors.read().decode("utf-8", "replace").strip()
    return f": {text}" if text else ""

"""Runs the commands of a scheduler, such as `squeue` and `qsub`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lightning_sweeps.errors import LaunchError

ANSWER_S = 60
"""How long a command may take."""


def run_command(*words: str, folder: Path | None = None, text: str | None = None) -> str:
    """Run a command of a scheduler and return what it printed.

    Args:
        words: the command.
        folder: where it runs (default: here).
        text: its standard input (default: none).

    Raises:
        LaunchError: the command is not installed, fails or does not answer. The message has its own words.
    """
    try:
        done = subprocess.run(
            words, cwd=folder, input=text or "", capture_output=True, text=True, timeout=ANSWER_S, check=True
        )
    except FileNotFoundError as error:
        raise LaunchError(f"`{words[0]}` is not installed", hint="run this on a machine of the cluster") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip() or error.stdout.strip() or f"exit status {error.returncode}"
        raise LaunchError(f"`{' '.join(words)}` failed: {said}") from error
    except subprocess.TimeoutExpired as error:
        raise LaunchError(f"`{' '.join(words)}` did not answer within {ANSWER_S} s") from error
    return done.stdout

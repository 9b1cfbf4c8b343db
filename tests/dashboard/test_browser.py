"""The browser of the tests ends with the process that started it, however that process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from tests.dashboard.browser import Browser
from tests.servers import wait_until

PROGRAM = """
import time
from tests.dashboard.browser import running_browser
with running_browser() as browser:
    print(browser.profile, flush=True)
    time.sleep(600)
"""


def users_of(folder: str) -> list[int]:
    """Return the processes with the folder in their command line."""
    found = psutil.process_iter(["pid", "cmdline"])
    return [process.pid for process in found if any(folder in word for word in process.info["cmdline"] or [])]


def test_the_browser_ends_when_its_starter_is_killed(chromium: Browser) -> None:
    assert users_of(str(chromium.profile.parent))  # `users_of` finds running processes
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        folder = str(Path(process.stdout.readline().strip()).parent)
        assert "ls-browser-" in folder
        assert users_of(folder)
        process.kill()
    wait_until(lambda: not users_of(folder), timeout_s=60, what="the browser's end")

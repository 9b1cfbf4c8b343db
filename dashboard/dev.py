"""Runs the dashboard for development: a server on a scratch home, and Vite in front of it, which reloads on a change.

Run it as `make dev`. Ctrl-C ends both. `make dev DEV_HOME=.demo` shows the results of `make demo`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import hatch_build  # noqa: E402  it is beside the package, not in it

VITE = "node_modules/vite/bin/vite.js"
START_S = 30
END_S = 10
POLL_S = 0.05


def main() -> int:
    """Run until Ctrl-C, or until one of the two processes ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / ".dev", help="the server's home (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5173, help="the port of the page (default: %(default)s)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    npm, environment = hatch_build.find_npm()
    hatch_build.install(ROOT / hatch_build.SOURCES, npm, environment, has_tools=True)
    home = given.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    processes = [subprocess.Popen([sys.executable, "-m", "lightning_sweeps.server", "--home", str(home)])]
    try:
        server = wait_for_server(Home(home), processes[0])
        with Client(server.url, server.token) as client:
            link = client.login_link().path
        environment["LIGHTNING_SWEEPS_DEV_SERVER"] = server.url
        vite = ["node", VITE, "--port", str(given.port), "--strictPort"]  # npm would stand between it and a signal
        processes.append(subprocess.Popen(vite, cwd=ROOT / hatch_build.SOURCES, env=environment))
        print(f"\nThe dashboard, with reload: http://127.0.0.1:{given.port}{link}\nCtrl-C ends it.\n", flush=True)
        while all(process.poll() is None for process in processes):
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        return 0
    finally:
        end(processes)
    return 1


def wait_for_server(home: Home, process: subprocess.Popen[bytes]) -> ServerFile:
    """Return the server's address and key once it accepts connections."""
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        if home.server_file.exists():
            found = msgspec.json.decode(home.server_file.read_bytes(), type=ServerFile)
            if found.pid == process.pid:
                return found
        time.sleep(POLL_S)
    sys.exit(f"the server on `{home.root}` did not start: if another one uses this home, end it or set DEV_HOME=...")


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    """End the processes: politely first, then by force."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + END_S
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())

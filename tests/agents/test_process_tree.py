"""Real trials with hidden processes: no process is left after their end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from lightning_sweeps.agents.display.display import Display
from lightning_sweeps.agents.display.sinks import DisplayStyle
from lightning_sweeps.agents.launch.process import LaunchRequest, TrialRun, start_cold
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.errors import LaunchError
from lightning_sweeps.system.process_tree import (
    ProcessId,
    ProcessTree,
    TrialProcess,
    end_tree,
    find_tree,
    identify,
    kill_tree,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SLEEP = "import time; time.sleep(600)"
IN_OWN_SESSION = f"""
import subprocess, sys, time
for _ in range(2):
    subprocess.Popen([sys.executable, "-c", "{SLEEP}"], start_new_session=True)
open("ready", "w").close()
time.sleep(600)
"""
DOUBLE_FORK = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open("ready", "w").close()
    time.sleep(600)
os.wait()
"""
WITHOUT_ENVIRONMENT = f"""
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open("ready", "w").close()
        os.execve(sys.executable, [sys.executable, "-c", "{SLEEP}"], {{}})
    os._exit(0)
os.wait()
import time; time.sleep(600)
"""


def wait_for(condition: Callable[[], bool], what: str, limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit_s} s for {what}"
        time.sleep(0.01)


def start(tmp_path: Path, words: list[str], *, ready: bool = True) -> TrialRun:
    folder = TrialFolder(tmp_path / "trial")
    environment = os.environ | {"LIGHTNING_SWEEPS_TRIAL": str(folder.parameters)}
    request = LaunchRequest("t1", "a1", words, environment, folder, tmp_path, prefix="[1] ", is_subreaper=False)
    run = start_cold(request)
    if ready:
        wait_for((tmp_path / "ready").exists, "the trial")
    return run


def end(run: TrialRun, grace_s: float = 5.0) -> None:
    """End the trial and check that no process of it is left."""
    seen = find_tree(run.tree)
    assert end_tree(run.tree, grace_s=grace_s, reap=run.reap) == []
    assert run.clear() == []
    assert not any(process.is_alive for process in seen)
    assert find_tree(run.tree) == frozenset()


def test_children_in_other_sessions_end_with_the_trial(tmp_path: Path) -> None:
    run = start(tmp_path, [sys.executable, "-c", IN_OWN_SESSION])
    assert len(find_tree(run.tree)) == 3
    end(run)


def test_a_shells_commands_die_with_the_shell(tmp_path: Path) -> None:
    run = start(tmp_path, ["bash", "-c", "touch ready; sleep 600; sleep 601"])
    wait_for(lambda: len(find_tree(run.tree)) == 2, "sleep")
    end(run)


def test_an_orphan_that_ignores_sigterm_is_found_by_its_environment(tmp_path: Path) -> None:
    run = start(tmp_path, [sys.executable, "-c", DOUBLE_FORK])
    assert run.wait(20) == 0
    assert len(find_tree(run.tree)) == 1
    assert run.clear() == []
    assert find_tree(run.tree) == frozenset()


ADOPTING_AGENT = """
import os, sys, time
from pathlib import Path
from lightning_sweeps.agents.launch.parent import become_subreaper
from lightning_sweeps.agents.display.display import Display
from lightning_sweeps.agents.display.sinks import DisplayStyle
from lightning_sweeps.agents.launch.process import LaunchRequest, start_cold
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.system.process_tree import find_tree
folder = TrialFolder(Path("trial").absolute())
assert become_subreaper()
environment = dict(os.environ, LIGHTNING_SWEEPS_TRIAL=str(folder.parameters))
request = LaunchRequest(
    "t1", "a1", sys.argv[1:], environment, folder, Path.cwd(), "", is_subreaper=True
)
run = start_cold(request)
while not Path("ready").exists() or len(find_tree(run.tree)) < 2:
    time.sleep(0.01)
pids = [process.pid for process in find_tree(run.tree)]
if "stay" in os.environ:
    print(*pids, flush=True)
    time.sleep(600)
run.terminate()
run.wait(20)
print(len(pids), len(run.clear()), len(find_tree(run.tree)), run.folder.process.exists())
"""


def test_an_orphan_without_environment_is_adopted_and_ended(tmp_path: Path) -> None:
    words = [sys.executable, "-c", ADOPTING_AGENT, sys.executable, "-c", WITHOUT_ENVIRONMENT]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["2", "0", "0", "False"], done.stderr


def test_the_first_process_dies_with_a_killed_agent_and_its_file_leads_to_the_rest(tmp_path: Path) -> None:
    words = [sys.executable, "-c", ADOPTING_AGENT, sys.executable, "-c", IN_OWN_SESSION]
    environment = os.environ | {"stay": "1"}
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment) as agent:
        assert agent.stdout is not None
        pids = [int(pid) for pid in agent.stdout.readline().split()]
        agent.kill()
    folder = TrialFolder(tmp_path / "trial")
    running = msgspec.json.decode(folder.process.read_bytes(), type=TrialProcess)
    assert not running.agent.is_alive
    assert running.trial == "t1"
    wait_for(lambda: not running.first.is_alive, "the first process", 2.0)
    tree = ProcessTree(running.first, folder.parameters)
    assert find_tree(tree), "the ranks in their own sessions are still running"
    assert kill_tree(tree) == []
    wait_for(lambda: not any(_lives(pid) for pid in pids), "every process of the trial", 5.0)


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_reused_pid_is_not_touched(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        now = identify(other.pid)
        assert now is not None
        tree = ProcessTree(ProcessId(other.pid, now.started - 100), tmp_path / "trial.json")
        assert find_tree(tree) == frozenset()
        assert end_tree(tree) == []
        assert other.poll() is None
        other.send_signal(signal.SIGKILL)


def test_the_packages_own_service_outlives_the_trial_that_started_it(tmp_path: Path) -> None:
    script = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "{SLEEP}", "-m", "lightning_sweeps.service"])
open("ready", "w").close()
time.sleep(600)
"""
    run = start(tmp_path, [sys.executable, "-c", script])
    (service,) = psutil.Process(run.child.pid).children()
    wait_for(lambda: "lightning_sweeps.service" in service.cmdline(), "exec")
    end(run)
    assert _lives(service.pid)
    service.kill()


def test_a_program_that_cannot_be_executed_is_a_launch_error(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"`./nothing` cannot be started: .*No such file"):
        start(tmp_path, ["./nothing"], ready=False)


def test_output_goes_to_files_and_is_shown_line_by_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = TrialFolder(tmp_path / "trial")
    words = ["bash", "-c", r"printf 'one\ntwo'; printf '10%%\r20%%\n' >&2; cat; exit 3"]
    display = Display.start(DisplayStyle(0))
    run = start_cold(LaunchRequest("t1", "a1", words, dict(os.environ), folder, tmp_path, "[7] ", is_subreaper=False))
    display.follow(run.logs)
    assert run.wait(20) == 3
    assert run.clear() == []
    display.unfollow()
    display.close()
    shown = capfd.readouterr()
    lines = [re.sub("[^\n]*\r", "", text) for text in shown]  # states of a bar end with a carriage return
    assert lines == ["[7] one\n[7] two\n", "[7] 20%\n"]
    assert folder.stdout.read_text() == "one\ntwo"
    assert not folder.process.exists()

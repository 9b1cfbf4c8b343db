"""Runs a real Slurm cluster of two nodes on this machine: munge, a controller and two node daemons."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import wait_until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "sinfo", "squeue", "scancel", "scontrol")
SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
UP_S = 60
END_S = 10

CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ReturnToService=2
KillWait=2
MinJobAge=300
SchedulerParameters=batch_sched_delay=0,sched_interval=2
JobRequeue=1
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 State=UNKNOWN
NodeName=two NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=work Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=10
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10
"""


def missing_programs() -> str:
    """Return which programs are missing for a cluster on this machine, or an empty string."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=SEARCHED) is None]
    return f"{', '.join(missing)} not installed (Debian: slurm-wlm, munge)" if missing else ""


class NoClusterError(Exception):
    """Slurm's daemons do not start on this machine."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster. `environment` is for its commands."""

    folder: Path
    environment: dict[str, str]

    def run(self, *words: str) -> str:
        """Run one of Slurm's commands and return its output."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=UP_S, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr, self.logs())
        return done.stdout

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in self.folder.glob("*.log"))


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start the cluster, wait until both nodes are idle, and end the cluster at the end.

    Raises:
        NoClusterError: Slurm does not start; the message has the logs of its daemons.
    """
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": SEARCHED}
    found = Cluster(folder, environment)
    user = pwd.getpwuid(os.geteuid()).pw_name
    text = CONFIG.format(host=socket.gethostname(), ports=free_ports(3), user=user, folder=folder)
    (folder / "slurm.conf").write_text(text)
    (folder / "state").mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    munge = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munge.pid", "log-file": "munge.log"}
    names = [f"--{option}={folder / name}" for option, name in (munge | {"seed-file": "munge.seed"}).items()]
    with ExitStack() as stack:
        stack.enter_context(_daemon("munged", ["munged", "--foreground", "--force", *names], found))
        _wait_for_slurm((folder / "munge.socket").exists, "munge", found)
        stack.enter_context(_daemon("controller", ["slurmctld", "-D", "-i"], found))
        for node in ("one", "two"):
            stack.enter_context(_daemon(node, ["slurmd", "-D", "-N", node], found))
        _wait_for_slurm(lambda: _states(found) == ["idle", "idle"], "two idle nodes", found)
        try:
            yield found
        finally:  # jobs outlive the daemons
            found.run("scancel", f"--user={user}")
            wait_until(
                lambda: not found.run("squeue", "--noheader").strip(), timeout_s=UP_S, what="the end of all jobs"
            )


def _wait_for_slurm(condition: Callable[[], bool], what: str, found: Cluster) -> None:
    """Wait for Slurm itself, before any code of this package has run."""
    try:
        wait_until(condition, timeout_s=UP_S, what=what)
    except AssertionError as error:
        raise NoClusterError(f"Slurm does not run on this machine: {error}\n{found.logs()}") from error


def _states(found: Cluster) -> list[str]:
    words = ["sinfo", "--noheader", "--Node", "--partition=work", "--format=%T"]
    done = subprocess.run(words, env=found.environment, capture_output=True, text=True, timeout=UP_S, check=False)
    return done.stdout.split()


@contextmanager
def _daemon(name: str, words: Sequence[str], found: Cluster) -> Iterator[None]:
    with (found.folder / f"{name}.out.log").open("wb") as log:
        process = subprocess.Popen(words, env=found.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]

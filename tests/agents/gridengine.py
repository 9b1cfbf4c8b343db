"""Runs a real Grid Engine cell on this machine: a master, an execution daemon and a queue with two slots."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.agents.slurm import free_ports
from tests.servers import wait_until

SHARE = Path("/usr/share/gridengine")
TOOLS = Path("/usr/lib/gridengine")
DAEMONS = Path("/usr/sbin")
PROGRAMS = ("qsub", "qstat", "qdel", "qconf")
LOAD = re.compile(r"^work@\S+ +BI\S* +\S+ +[\d.]+", re.MULTILINE)
UP_S = 60
END_S = 10

BOOTSTRAP = """\
admin_user none
default_domain none
ignore_fqdn true
spooling_method classic
spooling_lib libspoolc
spooling_params {common};{spool}
binary_path /usr/sbin
qmaster_spool_dir {spool}
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
"""
CHANGED = {
    "execd_spool_dir": "{folder}/execd",
    "min_uid": "0",
    "min_gid": "0",
    "administrator_mail": "none",
    "load_report_time": "00:00:02",
}
LIMITS = ("rt", "cpu", "fsize", "data", "stack", "core", "rss", "vmem")
NONE = (
    "load_thresholds suspend_thresholds ckpt_list pe_list prolog epilog starter_method suspend_method resume_method"
    " terminate_method owner_list user_lists xuser_lists subordinate_list complex_values projects xprojects calendar"
)
QUEUE = {
    "qname": "work",
    "seq_no": "0",
    "nsuspend": "1",
    "suspend_interval": "00:05:00",
    "priority": "0",
    "min_cpu_interval": "00:05:00",
    "processors": "UNDEFINED",
    "qtype": "BATCH INTERACTIVE",
    "rerun": "FALSE",
    "slots": "2",
    "tmpdir": "/tmp",  # noqa: S108 - Grid Engine makes a folder of its own for each job there
    "shell": "/bin/sh",
    "shell_start_mode": "posix_compliant",
    "notify": "00:00:20",
    "initial_state": "default",
    **dict.fromkeys(NONE.split(), "NONE"),
    **{f"{kind}_{limit}": "INFINITY" for limit in LIMITS for kind in "sh"},
}


class NoCellError(Exception):
    """Grid Engine's daemons do not start on this machine."""


def missing_programs() -> str:
    """Return which programs are missing for a cell on this machine, or an empty string."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    missing += [name for name in ("sge_qmaster", "sge_execd") if not (DAEMONS / name).exists()]
    packages = "gridengine-master, gridengine-exec, gridengine-client"
    return f"{', '.join(missing)} not installed (Debian: {packages})" if missing else ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A running cell. `environment` is for its commands."""

    folder: Path
    environment: dict[str, str]

    def run(self, *words: str) -> str:
        """Run one of Grid Engine's commands and return its output."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=UP_S, check=False)
        if done.returncode:
            raise NoCellError(f"{words}: {done.stdout}{done.stderr}\n{self.logs()}")
        return done.stdout

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in self.folder.glob("*.log"))


@contextmanager
def cell(folder: Path) -> Iterator[Cell]:
    """Start the cell, wait until its host reports, and end the cell at the end.

    Raises:
        NoCellError: Grid Engine does not start; the message has the logs of its daemons.
    """
    host = socket.gethostname()
    common, spool = folder / "root" / "cell" / "common", folder / "qmaster"
    for path in (common, spool / "job_scripts", folder / "execd"):
        path.mkdir(parents=True)
    (folder / "root" / "util").symlink_to(SHARE / "util")
    (common / "act_qmaster").write_text(f"{host}\n")
    (common / "host_aliases").write_text(f"{host} localhost\n")
    (common / "bootstrap").write_text(BOOTSTRAP.format(common=common, spool=spool))
    ports = dict(zip(("SGE_QMASTER_PORT", "SGE_EXECD_PORT"), map(str, free_ports(2)), strict=True))
    found = Cell(folder, {**os.environ, "SGE_ROOT": str(folder / "root"), "SGE_CELL": "cell", **ports})
    _spool(found, common, spool)
    with ExitStack() as stack:
        stack.enter_context(_daemon("sge_qmaster", found))
        _wait(found, lambda: host in _said(found, "qconf", "-sh"), "the master")
        found.run("qconf", "-as", host)
        stack.enter_context(_daemon("sge_execd", found))
        _wait(found, lambda: host in _said(found, "qconf", "-sel"), "the execution daemon")
        queue = folder / "queue"
        queue.write_text("".join(f"{name} {value}\n" for name, value in (QUEUE | {"hostlist": host}).items()))
        found.run("qconf", "-Aq", str(queue))
        _wait(found, lambda: LOAD.search(_said(found, "qstat", "-f")) is not None, "the host's load")
        scheduling = folder / "scheduling"
        fast = re.sub(r"(?m)^schedule_interval .*", "schedule_interval 0:0:1", found.run("qconf", "-ssconf"))
        scheduling.write_text(fast)
        found.run("qconf", "-Msconf", str(scheduling))
        try:
            yield found
        finally:  # jobs outlive the daemons
            if _said(found, "qstat").strip():
                found.run("qdel", "-u", "*")
            wait_until(lambda: not _said(found, "qstat").strip(), timeout_s=UP_S, what="the end of all jobs")


def _spool(found: Cell, common: Path, spool: Path) -> None:
    """Write the cell's first database."""
    text = (SHARE / "default-configuration").read_text()
    for name, value in CHANGED.items():
        text = re.sub(rf"^{name}\s.*$", f"{name} {value.format(folder=found.folder)}", text, flags=re.MULTILINE)
    (found.folder / "configuration").write_text(text)
    found.run(str(TOOLS / "spoolinit"), "classic", "libspoolc", f"{common};{spool}", "init")
    resources = SHARE / "util" / "resources"
    for kind, given in {
        "configuration": found.folder / "configuration",
        "complexes": resources / "centry",
        "usersets": resources / "usersets",
        "managers": "root",
    }.items():
        found.run(str(TOOLS / "spooldefaults"), kind, str(given))


def _said(found: Cell, *words: str) -> str:
    done = subprocess.run(words, env=found.environment, capture_output=True, text=True, timeout=UP_S, check=False)
    return done.stdout


def _wait(found: Cell, condition: object, what: str) -> None:
    try:
        wait_until(condition, timeout_s=UP_S, what=what)  # type: ignore[arg-type]
    except AssertionError as error:
        raise NoCellError(f"Grid Engine does not run on this machine: {error}\n{found.logs()}") from error


@contextmanager
def _daemon(name: str, found: Cell, words: Sequence[str] = ()) -> Iterator[None]:
    with (found.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [str(DAEMONS / name), *words],
            env=found.environment | {"SGE_ND": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

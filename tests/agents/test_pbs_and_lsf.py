"""PBS and LSF: what is submitted, and how their lists are read. Neither can be installed here, so no job runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightning_sweeps.agents.launchers import lsf, pbs
from lightning_sweeps.agents.launchers.base import Job, LaunchSpec
from lightning_sweeps.agents.launchers.job_process import JobFolder
from lightning_sweeps.agents.launchers.registry import make_launcher
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import LaunchError

QSTAT = """{
    "timestamp": 1, "pbs_version": "23.06.06", "pbs_server": "head",
    "Jobs": {
        "7.head": {"Job_Name": "lightning-sweeps", "job_state": "R", "exec_host": "node1/0*4", "comment": "Job run at"},
        "8.head": {"job_state": "Q", "comment": "Not Running: Insufficient amount of resource: ngpus"},
        "9.head": {"job_state": "H"},
        "10.head": {"job_state": "F", "exec_host": "node1/0"}
    }
}"""
BJOBS = """\
7|RUN|4*node1|-
8|PEND|-|Job requirements for reserving resource not satisfied: 3 hosts;
9|DONE|node1|-
10|SSUSP|node2|-
"""


def spec(folder: Path) -> LaunchSpec:
    return LaunchSpec("1a2b", AgentOptions(gpus_per_trial=2, grace_s=60), folder)


def test_a_job_of_pbs(tmp_path: Path) -> None:
    given = {"queue": ["gpu"], "time": ["1:00:00"], "cpus": ["4"], "memory": ["16gb"], "qsub": ["A=physics"]}
    words = pbs.submit_words(pbs.PbsOptions.parse("pbs", given), JobFolder(tmp_path), spec(tmp_path))
    assert words == [
        *("-N", "lightning-sweeps", "-r", "y", "-j", "oe", "-o", str(tmp_path / "scheduler.log")),
        *("-l", "select=1:ncpus=4:ngpus=2:mem=16gb", "-l", "walltime=3600", "-q", "gpu", "-A", "physics"),
    ]


def test_the_list_of_pbs() -> None:
    assert list(pbs.parse_jobs(QSTAT)) == [
        Job("7.head", "running", "node1"),
        Job("8.head", "pending", "", "Not Running: Insufficient amount of resource: ngpus"),
        Job("9.head", "pending"),
    ]
    assert list(pbs.parse_jobs('{"timestamp": 1}')) == []
    assert list(pbs.parse_jobs("")) == []


def test_a_job_of_lsf(tmp_path: Path) -> None:
    given = {"queue": ["gpu"], "time": ["1:00:00"], "cpus": ["4"], "gpu": ["gmodel=A100"], "bsub": ["P=physics"]}
    words = lsf.submit_words(lsf.LsfOptions.parse("lsf", given), JobFolder(tmp_path), spec(tmp_path))
    assert words == [
        *("-J", "lightning-sweeps", "-r", "-Q", "99", "-o", str(tmp_path / "scheduler.log")),
        *("-n", "4", "-R", "span[hosts=1]", "-gpu", "num=2:gmodel=A100"),
        *("-W", "60", "-wa", "USR1", "-wt", "2", "-q", "gpu", "-P", "physics"),
    ]


def test_the_lists_of_lsf() -> None:
    assert lsf.parse_submission("Job <7> is submitted to queue <normal>.\n") == "7"
    with pytest.raises(LaunchError, match="`bsub` printed no job id: No such queue"):
        lsf.parse_submission("No such queue\n")
    assert list(lsf.parse_jobs(BJOBS)) == [
        Job("7", "running", "node1"),
        Job("8", "pending", "", "Job requirements for reserving resource not satisfied: 3 hosts;"),
        Job("10", "running", "node2"),
    ]
    assert list(lsf.parse_jobs("No unfinished job found\n")) == []


@pytest.mark.parametrize(("name", "command"), [("pbs", "qsub"), ("lsf", "bsub")])
def test_without_the_scheduler_the_error_names_its_command(
    name: str, command: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = read_settings({"LIGHTNING_SWEEPS_URL": "http://a:1", "LIGHTNING_SWEEPS_HOME": str(home)})
    with pytest.raises(LaunchError, match=f"`{command}` is not installed"):
        make_launcher(name, {}, settings).submit(spec(tmp_path))

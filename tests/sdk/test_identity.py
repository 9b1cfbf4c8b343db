"""The identity of a process from the variables of each launcher, and misleading variables."""

from __future__ import annotations

import pytest

from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.sdk.identity import Identity, ProcessGroup, RankInfo, resolve_identity

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "abc",
    "RANK": "3",
    "LOCAL_RANK": "1",
    "GROUP_RANK": "1",
    "WORLD_SIZE": "4",
    "GROUP_WORLD_SIZE": "2",
    "MASTER_ADDR": "host",
    "MASTER_PORT": "4001",
    "TORCHELASTIC_RESTART_COUNT": "2",
}
SLURM = {
    "SLURM_JOB_ID": "77",
    "SLURM_STEP_ID": "0",
    "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1",
    "SLURM_NODEID": "2",
    "SLURM_NTASKS": "8",
    "SLURM_JOB_NAME": "train",
}
ALONE = RankInfo(0, 0, 1, 0, "none")
TRIAL = TrialFile("t-1", "s-1", "sweep", "p", 4, 1, {"lr": 0.1}, "loss", "minimize")


def resolve(
    environ: dict[str, str],
    *,
    process_group: ProcessGroup | None = None,
    trial: TrialFile | None = None,
    inherited_job: str | None = None,
) -> Identity:
    return resolve_identity(
        environ,
        fallback_job="fallback",
        parent="parent",
        trial=trial,
        process_group=process_group,
        inherited_job=inherited_job,
    )


@pytest.mark.parametrize(
    ("environ", "rank_info", "job", "attempt"),
    [
        ({}, ALONE, "fallback", 0),
        (TORCHRUN, RankInfo(3, 1, 4, 1, "torchrun"), "torchrun:abc:host:4001", 2),
        (SLURM, RankInfo(5, 1, 8, 2, "slurm"), "slurm:77:0", 0),
        (
            {"JSM_NAMESPACE_RANK": "1", "JSM_NAMESPACE_SIZE": "2", "JSM_NAMESPACE_LOCAL_RANK": "1", "LSB_JOBID": "9"},
            RankInfo(1, 1, 2, 0, "lsf"),
            "lsf:9:",
            0,
        ),
        (
            {
                "OMPI_COMM_WORLD_RANK": "1",
                "OMPI_COMM_WORLD_SIZE": "2",
                "OMPI_COMM_WORLD_LOCAL_RANK": "1",
                "PMIX_NAMESPACE": "n1",
            },
            RankInfo(1, 1, 2, 0, "mpi"),
            "mpi:n1",
            0,
        ),
        ({"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1"}, RankInfo(1, 1, 2, 0, "env"), "fallback", 0),
        ({"LOCAL_RANK": "1", "WORLD_SIZE": "2", "NODE_RANK": "0"}, RankInfo(1, 1, 2, 0, "lightning"), "fallback", 0),
    ],
)
def test_each_launcher(environ: dict[str, str], rank_info: RankInfo, job: str, attempt: int) -> None:
    assert resolve(environ) == Identity(rank_info, job, attempt)


def test_the_static_rendezvous_of_one_node_is_named_after_its_parent() -> None:
    environ = {**TORCHRUN, "TORCHELASTIC_RUN_ID": "none", "GROUP_WORLD_SIZE": "1"}
    assert resolve(environ).job == "torchrun:parent"


def test_the_ranks_of_a_static_rendezvous_agree_through_the_store() -> None:
    environ = {**TORCHRUN, "TORCHELASTIC_RUN_ID": "none"}
    assert resolve(environ).job == "fallback"
    assert resolve(environ, process_group=ProcessGroup(3, 4, "agreed")).job == "agreed"


def test_a_process_group_takes_precedence_over_every_variable() -> None:
    identity = resolve({"RANK": "7", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}, process_group=ProcessGroup(1, 2, "agreed"))
    assert identity == Identity(RankInfo(1, 1, 2, 0, "process group"), "agreed", 0)


def test_a_trial_names_the_job_on_every_rank() -> None:
    identity = resolve(TORCHRUN, trial=TRIAL)
    assert (identity.job, identity.attempt, identity.rank_info.rank) == ("t-1", 1, 3)


def test_an_inherited_job_takes_precedence_over_the_launcher() -> None:
    assert resolve(TORCHRUN, inherited_job="job-0").job == "job-0"


@pytest.mark.parametrize(
    "environ",
    [
        {"SLURM_PROCID": "2", "SLURM_JOB_ID": "77"},  # one task of an array, or a shell inside an allocation
        {**SLURM, "SLURM_JOB_NAME": "bash"},
        {**SLURM, "SLURM_NTASKS": "1"},
        {"RANK": "1"},  # inherited without a world size
        {"RANK": "4", "WORLD_SIZE": "2"},  # outside of the world size
        {"RANK": "-1", "WORLD_SIZE": "2"},
        {"RANK": "x", "WORLD_SIZE": "2"},
        {"LOCAL_RANK": "1"},
    ],
)
def test_a_process_that_only_inherits_variables_is_the_only_rank(environ: dict[str, str]) -> None:
    assert resolve(environ).rank_info == ALONE

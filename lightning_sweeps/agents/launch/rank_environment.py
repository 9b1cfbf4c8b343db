"""Builds the variables that torchrun sets for each rank of one node, for ranks that start without torchrun."""

from __future__ import annotations


def rank_variables(rank: int, *, ranks: int, launch_id: str) -> dict[str, str]:
    """Return the variables of one rank of a trial on one node, without `MASTER_PORT`.

    A trial with a single rank gets no variables: it is a plain process, as after a cold start.

    Args:
        rank: number of the rank.
        ranks: number of ranks of the trial.
        launch_id: id of this attempt of the trial.
    """
    if ranks == 1:
        return {}
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "ROLE_RANK": str(rank),
        "GROUP_RANK": "0",
        "ROLE_NAME": "default",
        "WORLD_SIZE": str(ranks),
        "LOCAL_WORLD_SIZE": str(ranks),
        "ROLE_WORLD_SIZE": str(ranks),
        "GROUP_WORLD_SIZE": "1",
        "MASTER_ADDR": "127.0.0.1",
        "TORCHELASTIC_RUN_ID": launch_id,
        "TORCHELASTIC_RESTART_COUNT": "0",
        "TORCHELASTIC_MAX_RESTARTS": "0",
        "TORCHELASTIC_USE_AGENT_STORE": "False",
        "TORCH_NCCL_ASYNC_ERROR_HANDLING": "1",
    }

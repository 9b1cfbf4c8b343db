"""Finds runs for clients of other tools, and describes them again in the headers of further journals."""

from __future__ import annotations

from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.caller import ClientCaller
from lightning_sweeps.store import runs
from lightning_sweeps.store.project_access import check_access


def get_run(caller: ClientCaller, run_id: str) -> RunDetails:
    """Return a run.

    Raises:
        NotFound: it does not exist, or the API key is limited to other projects.
    """
    with caller.store.read() as connection:
        check_access(connection, caller.sender.projects, "run", run_id)
        return runs.get_run(connection, run_id)


def run_info(run: RunDetails) -> RunInfo:
    """Return what the header of a further journal says of a run. It changes nothing of the run."""
    return RunInfo(
        run.id,
        run.project,
        run.name,
        run.group,
        rank=run.rank,
        local_rank=run.local_rank,
        world_size=run.world_size,
        node_rank=run.node_rank,
        attempt=run.attempt,
        mode=run.mode,
        job_type=run.job_type,
        sweep=run.sweep,
        trial=run.trial,
        gpus=run.gpus,
    )

"""Finds runs, sweeps and projects for clients that read: `wandb.Api()`."""

from __future__ import annotations

from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.engine import deleted_runs
from lightning_sweeps.engine import sweeps as engine_sweeps
from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.protocols.wandb import artifacts, paging, run_filters, runs, sweeps
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.paging import Page
from lightning_sweeps.server.protocols.wandb.rows import moment
from lightning_sweeps.server.protocols.wandb.runs import Described
from lightning_sweeps.store import clock, console, projects, run_changes, run_search
from lightning_sweeps.store import runs as run_table
from lightning_sweeps.store.blobs import artifact_changes
from lightning_sweeps.store.blobs import artifacts as versions
from lightning_sweeps.store.console import ConsoleQuery
from lightning_sweeps.store.project_access import check_access
from lightning_sweeps.store.run_search import RunSearch


def project_runs(
    of_project: Described,
    caller: Caller,
    *,
    filters: str | None = None,
    order: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Page:
    """Return runs of a project, filtered and sorted.

    Raises:
        UsageError: the filter or the order is not allowed.
    """
    name = of_project["name"]
    start = paging.position(after)
    limit = paging.size(first)
    wanted = RunSearch(
        run_filters.parse(filters, name), run_filters.order(order), project=name, limit=limit, offset=start
    )
    with caller.store.read() as connection:
        found = run_search.search_runs(connection, wanted)
        known = [run_table.get_run(connection, run_id) for run_id in found.ids]
    edges = [
        {"node": runs.describe_run(caller, one, of_project), "cursor": str(at)}
        for at, one in enumerate(known, start + 1)
    ]
    return paging.connection_of(edges, total=found.total, has_next=start + len(edges) < found.total)


def run_count(of_project: Described, caller: Caller, *, filters: str | None = None) -> int:
    """Return the number of runs of a project that match a filter."""
    name = of_project["name"]
    wanted = RunSearch(run_filters.parse(filters, name), project=name, limit=0)
    with caller.store.read() as connection:
        return run_search.search_runs(connection, wanted).total


def project_sweeps(
    of_project: Described, caller: Caller, *, first: int | None = None, after: str | None = None, **_: object
) -> Page:
    """Return the sweeps of a project, newest first."""
    with caller.store.read() as connection:
        found = engine_sweeps.list_sweeps(connection, project=of_project["name"])
    entity = of_project["entityName"]
    return paging.page_of(found, lambda one: sweeps.describe_sweep(caller, one, entity), first=first, after=after)


def sweep_count(of_project: Described, caller: Caller) -> int:
    """Return the number of sweeps of a project."""
    with caller.store.read() as connection:
        return len(engine_sweeps.list_sweeps(connection, project=of_project["name"]))


def all_projects(
    _: object,
    caller: Caller,
    *,
    entity_name: str | None = None,
    first: int | None = None,
    after: str | None = None,
    **__: object,
) -> Page:
    """Return the projects that the API key may read."""
    entity = caller.entities.check(entity_name)
    with caller.store.read() as connection:
        found = projects.project_names(connection)
    allowed = caller.sender.projects
    named = [one for one in found if allowed is None or one in allowed]
    return paging.page_of(named, lambda one: runs.describe_project(caller, one, entity), first=first, after=after)


def output_artifacts(
    run: Described, caller: Caller, *, first: int | None = None, after: str | None = None, **_: object
) -> Page:
    """Return the versions that a run made."""
    return _used(run, caller, "output", first=first, after=after)


def input_artifacts(
    run: Described, caller: Caller, *, first: int | None = None, after: str | None = None, **_: object
) -> Page:
    """Return the versions that a run used."""
    return _used(run, caller, "input", first=first, after=after)


def log_lines(
    run: Described,
    caller: Caller,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    **_: object,
) -> Page:
    """Return console lines of a run, oldest first: from a cursor on, or the last ones.

    Raises:
        UsageError: the cursor is not one of this server's.
    """
    known: m.RunDetails = run["run"]
    with caller.store.read() as connection:
        if last is not None:
            found = console.read_run(connection, known.id, ConsoleQuery(paging.size(last)))
        else:
            found = console.read_after(connection, known.id, paging.position(after), limit=paging.size(first))
    edges = [{"node": _describe_line(one), "cursor": str(one.id)} for one in found]
    return paging.connection_of(edges, total=len(edges), has_next=last is None and len(edges) == paging.size(first))


def delete_run(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Move a run to the trash, and remove the versions that it made if the client asks for it.

    Raises:
        NotFound: there is no such run.
    """
    caller.check_writes()
    run_id = input["id"]
    made: list[str] = []
    with caller.store.write() as connection:
        check_access(connection, caller.sender.projects, "run", run_id)
        if input.get("delete_artifacts"):
            made = [one.artifact.id for one in versions.list_uses(connection, run_id) if one.role == "output"]
        for artifact_id in made:
            artifact_changes.remove(connection, artifact_id)
        wanted = m.RunsChange(m.RunChoice([run_id]), "delete", with_running=True)
        by = caller.sender.key_name or ""
        now = clock.now(connection)
        changed = run_changes.change(connection, wanted, by=by, now=now, projects=caller.sender.projects)
        caller.changed_sweeps.update(deleted_runs.follow_deleted_runs(connection, changed.trials))
    return {"clientMutationId": input.get("client_mutation_id"), "success": True}


def stop_run(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Order the trial of a run to stop.

    Raises:
        UsageError: the run belongs to no sweep: only trials hear orders.
    """
    caller.check_writes()
    with caller.store.write() as connection:
        check_access(connection, caller.sender.projects, "run", input["id"])
        known = run_table.get_run(connection, input["id"])
        if known.trial is None:
            raise UsageError(f"the run `{known.name}` is not part of a sweep, and hears no order to stop")
        trial = engine_sweeps.stop_trial(connection, known.trial, now=clock.now(connection))
    caller.changed_sweeps.add(trial.sweep)
    return {"success": True, "clientMutationId": None}


def _used(run: Described, caller: Caller, role: str, *, first: int | None, after: str | None) -> Page:
    known: m.RunDetails = run["run"]
    with caller.store.read() as connection:
        found = [one.artifact for one in versions.list_uses(connection, known.id) if one.role == role]
    return paging.page_of(found, lambda one: artifacts.describe(caller, one), first=first, after=after)


def _describe_line(line: m.ConsoleLine) -> Described:
    return {
        "number": line.id,
        "timestamp": moment(line.time),
        "level": "error" if line.stream == "stderr" else "info",
        "label": "",
        "line": line.line,
    }

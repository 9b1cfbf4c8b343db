"""Every route of the OpenAPI document against keys of every role, and against keys that are limited to a project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.errors import NotFound, ServerRefused
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.messages import (
    AgentRegister,
    KeyCreate,
    RejectedJournal,
    Role,
    RunsQuery,
    SweepCreate,
    SweepUpdate,
)
from lightning_sweeps.server.openapi import openapi_document
from lightning_sweeps.server.security.project_scope import AWARE, OBJECTS, WITHOUT_PROJECTS
from tests.server.test_media import name_of
from tests.servers import running_server
from tests.store.journals import Journal

OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in openapi_document()["paths"].items()
    for method, operation in methods.items()
]
METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}
RANKS: dict[Role, int] = {"read": 0, "write": 1, "admin": 2}
READING_POSTS = (
    "/api/runs/query",
    "/api/series/query",
    "/api/series/packed",
    "/api/login",
    "/api/logout",
    "/api/views",
)
WITH_TIME = "/api/sweeps/{sweep_id}/trials/changes"
"""Its cursor is the time."""
RULE_OF_ALL = "sweep_finished"
"""A rule that every server has, for all projects."""
CONFIG = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [1, 2]}}}


@dataclass(frozen=True, slots=True)
class Team:
    """What one of two teams has on the server, by the names of path parameters."""

    project: str
    ids: dict[str, str]

    def path(self, template: str) -> str:
        for name, value in self.ids.items():
            template = template.replace(f"{{{name}}}", value)
        return template.replace("{line_id}", "0").replace("{project}", self.project)


@dataclass(frozen=True, slots=True)
class Served:
    """A server with two teams, and one key of each kind."""

    url: str
    admin: Client
    ours: Team
    theirs: Team
    keys: dict[str, str]

    def ask(self, key: str, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.keys[key]}"} if self.keys[key] else {}
        url = self.url + path
        with requests.request(method, url, headers=headers, timeout=60, stream=True, **options) as answer:
            if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                _ = answer.content
        return answer

    def client(self, key: str) -> Client:
        return Client(self.url, self.keys[key])


def journal_of(project: str, suffix: str = "", **more: Any) -> Journal:
    return Journal(id=f"j-{project}{suffix}", run=f"r-{project}{suffix}", project=project, **more)


def team(client: Client, project: str) -> Team:
    content = f"content of {project}".encode()
    journal = journal_of(project).log(0, loss=1.0).show("image", content).keep("set", {"file": content})
    client.send_journal(journal.id, 0, journal.data)
    client.put_blob(name_of(content), 0, content)
    sweep = client.create_sweep(SweepCreate(CONFIG, project=project, name=f"sweep of {project}"))
    agent = client.register_agent(sweep.id, AgentRegister(f"host of {project}", "node", 1, 0)).agent
    trial = client.lease(agent.id, wait_s=0).trial
    assert trial is not None
    ids = {"run_id": journal.run, "sweep_id": sweep.id, "trial_id": trial.id, "agent_id": agent.id}
    ids |= {"journal_id": journal.id, "owner_id": journal.run, "digest": name_of(content)}
    return Team(project, ids | {"artifact_id": client.artifacts(project=project)[0].id})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("teams") / "home") as (client, file):
        keys = {"nobody": "", "admin": file.token}
        for role in ("read", "write"):
            keys[role] = client.create_key(KeyCreate(role, role)).key
            keys[f"limited {role}"] = client.create_key(KeyCreate(f"limited {role}", role, projects=["ours"])).key
        yield Served(file.url, client, team(client, "ours"), team(client, "theirs"), keys)


def needed(method: str, path: str) -> Role:
    if path.startswith(("/api/keys", "/api/audit", "/api/trash/empty", "/api/space")):
        return "admin"
    return "read" if method == "GET" or path in READING_POSTS else "write"


@pytest.mark.parametrize("key", ["nobody", "read", "write", "admin"])
def test_every_route_needs_its_role(served: Served, key: str) -> None:
    for method, path, _ in OPERATIONS:
        answer = served.ask(key, method, path.replace("{", "").replace("}", ""), json={})
        if key == "nobody":
            assert answer.status_code == 401, (method, path)
        else:
            role: Any = key
            is_allowed = RANKS[role] >= RANKS[needed(method, path)]
            assert (answer.status_code == 403) is not is_allowed, (method, path, answer.text)
            assert answer.status_code != 401 and answer.status_code < 500, (method, path, answer.text)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["nobody", "read", "limited read", "limited write", "write", "admin"])
def test_no_route_has_another_method(served: Served, key: str) -> None:
    described = {path: set(methods) for path, methods in openapi_document()["paths"].items()}
    for path, methods in described.items():
        for method in METHODS - methods - ({"head"} if "get" in methods else set()):
            answer = served.ask(key, method.upper(), served.theirs.path(path), json={})
            case = f"{method} {path}: {answer.status_code} {answer.text[:200]}"
            assert answer.status_code == 401 if key == "nobody" else answer.status_code in (403, 404, 405), case


def test_every_route_knows_limited_keys(served: Served) -> None:
    for method, path, operation in OPERATIONS:
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        unknown = named - OBJECTS.keys() - {"line_id", "project"}  # `check_scope` knows projects themselves
        assert not unknown, f"{method} {path}: say in project_scope.py which object {unknown} names"


@pytest.mark.parametrize("key", ["limited read", "limited write"])
def test_no_route_shows_or_changes_another_project(served: Served, key: str) -> None:
    before = everything(served)
    for method, path, operation in OPERATIONS:
        role: Any = key.split()[1]
        params = required_parameters(operation, project="theirs")
        answer = served.ask(key, method, served.theirs.path(path), json={}, params=params)
        case = f"{method} {path}: {answer.status_code} {answer.text[:200]}"
        if RANKS[role] < RANKS[needed(method, path)]:
            assert answer.status_code == 403, case
        elif any(f"{{{name}}}" in path for name in OBJECTS):
            assert answer.status_code == 404, case
        elif "{project}" in path:
            assert answer.status_code == 403, case
        elif "rule" in params:
            assert answer.status_code == 404, case
        elif path in WITHOUT_PROJECTS:
            assert answer.status_code != 403, case
        else:
            is_limited = path in AWARE and not params.keys() - {"column"}
            assert answer.status_code in (200, 422) if is_limited else answer.status_code == 403, case
        if path not in WITHOUT_PROJECTS and answer.status_code == 200:
            assert "theirs" not in answer.text, case
    assert everything(served) == before


def required_parameters(operation: dict[str, Any], *, project: str) -> dict[str, str]:
    given = {
        "column": "project",
        "key": "loss",
        "offset": "0",
        "group": "group-1",
        "project": project,
        "name": "x",
        "rule": RULE_OF_ALL,
    }
    names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query" and one.get("required")]
    return {name: given[name] for name in names}


def everything(served: Served) -> dict[str, str]:
    """Return what an admin sees of the other team, by route."""
    shown = {}
    for method, path, operation in OPERATIONS:
        if method == "GET" and any(f"{{{name}}}" in path for name in OBJECTS):
            params = required_parameters(operation, project="theirs")
            answer = served.ask("admin", method, served.theirs.path(path), params=params)
            assert answer.status_code == 200, (path, answer.text)
            shown[path] = answer.text
    del shown[WITH_TIME]
    return shown


def test_a_limited_key_sees_its_own_project_as_others_do(served: Served) -> None:
    compared = 0
    for method, path, operation in OPERATIONS:
        is_closed = path.startswith(("/api/keys", "/api/audit", "/api/metrics", "/api/trash", "/api/space"))
        if method != "GET" or is_closed or path in ("/api/live", "/api/session", *WITHOUT_PROJECTS):
            continue
        params = required_parameters(operation, project="ours")
        answer = served.ask("limited read", method, served.ours.path(path), params=params)
        assert answer.status_code == 200, (path, answer.text)
        if any(f"{{{name}}}" in path for name in OBJECTS):
            same = served.ask("read", method, served.ours.path(path), params=params)
            if path != WITH_TIME:
                assert answer.content == same.content, path
                compared += 1
    assert compared > 15
    with served.client("limited read") as client:
        assert client.projects() == ["ours"] and client.project("ours").name == "ours"
        assert {run.project for run in client.runs().runs} == {"ours"}
        assert {sweep.project for sweep in client.sweeps()} == {"ours"}
        assert {one.project for one in client.artifacts()} == {"ours"}
        assert client.query_runs(RunsQuery()).total == 1
        assert {run.project for run in client.changes(since=0).runs} == {"ours"}


@pytest.mark.parametrize(
    "query", [{"project": "theirs"}, {"filter": "project = theirs"}, {"filter": "not project = ours"}]
)
def test_no_query_finds_runs_of_another_project(served: Served, query: dict[str, str]) -> None:
    for folded in (False, True):
        answer = served.ask("limited read", "POST", "/api/runs/query", json=query | {"fold": folded})
        assert answer.json() == {"rows": [], "total": 0, "next_page": None}


@pytest.mark.parametrize("path", ["/api/series/query", "/api/series/packed"])
def test_no_chart_shows_another_project(served: Served, path: str) -> None:
    def ask(*owners: str) -> int:
        lines = [{"owner": owner, "key": "loss"} for owner in owners]
        return served.ask("limited read", "POST", path, json={"lines": lines}).status_code

    assert ask("r-ours") == 200
    assert ask("r-theirs") == 404 and ask("r-ours", "r-theirs") == 404
    assert ask("unknown") == 200, "an unknown run has no points, for every key"


@pytest.mark.parametrize("how", ["project", "run", "trial", "continued"])
def test_a_journal_of_another_project_is_refused_and_those_beside_it_are_stored(served: Served, how: str) -> None:
    before = everything(served)
    theirs = served.theirs.ids
    bad = {
        "project": journal_of("theirs", "-new"),
        "run": Journal(id="j-run", run=theirs["run_id"], project="ours"),
        "trial": journal_of("ours", "-trial", trial=theirs["trial_id"]),
        "continued": journal_of("theirs"),
    }[how].log(1, loss=-1.0)
    good, after = journal_of("ours", f"-{how}-1").log(0, loss=1.0), journal_of("ours", f"-{how}-2").log(0, loss=1.0)
    with served.client("limited write") as client:
        outcomes = client.send_journals([SentPart(one.id, 0, one.data) for one in (good, bad, after)])
        assert [outcome.status for outcome in outcomes] == [200, 403, 200]
        assert "limited to the project `ours`" in outcomes[1].problem
        with pytest.raises(ServerRefused):
            client.send_journal(bad.id, 0, bad.data)
    assert everything(served) == before
    found = served.admin.query_runs(
        RunsQuery(filter=f"id in (r-ours-{how}-1, r-ours-{how}-2, r-theirs-new, r-ours-trial)")
    )
    assert found.total == 2


def test_a_limited_key_creates_sweeps_in_its_own_project_only(served: Served) -> None:
    with served.client("limited write") as client:
        assert client.create_sweep(SweepCreate(CONFIG, project="ours")).project == "ours"
        for wanted in (
            SweepCreate(CONFIG, project="theirs"),
            SweepCreate(CONFIG | {"project": "theirs"}),
            SweepCreate(CONFIG),
        ):
            with pytest.raises(ServerRefused, match="limited to the project `ours`"):
                client.create_sweep(wanted)
        for prior in ({"prior_runs": ["r-theirs"]}, {"prior_sweeps": [served.theirs.ids["sweep_id"]]}):
            with pytest.raises(NotFound, match="there is no"):
                client.create_sweep(SweepCreate(CONFIG, project="ours", **prior))  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            client.set_rejected_journals([RejectedJournal("j-theirs", "r-theirs", "h", "p", "r", 0.0)])
    assert {sweep.name for sweep in served.admin.sweeps(project="theirs")} == {"sweep of theirs"}


@pytest.mark.parametrize(
    "wanted",
    [KeyCreate("a", "admin", projects=["ours"]), KeyCreate("a", projects=[]), KeyCreate("a", projects=[""])],
    ids=["admin", "no project", "no name"],
)
def test_keys_that_cannot_be_limited(served: Served, wanted: KeyCreate) -> None:
    with pytest.raises(ServerRefused):
        served.admin.create_key(wanted)


@pytest.fixture
def sweeping(tmp_path: Path, database: str) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(tmp_path / "home", database) as server:
        yield server


def test_only_the_creator_and_admins_change_what_agents_run(sweeping: tuple[Client, ServerFile]) -> None:
    admin, server = sweeping
    keys = {name: admin.create_key(KeyCreate(name, projects=["p"])).key for name in ("ann", "bob")}
    evil = CONFIG | {"command": ["sh", "-c", "id"]}
    with Client(server.url, keys["ann"]) as ann, Client(server.url, keys["bob"]) as bob:
        sweep = ann.create_sweep(SweepCreate(CONFIG, project="p")).id
        for config in (evil, CONFIG | {"program": "other.py"}):
            with pytest.raises(ServerRefused, match="can be changed only by the key that created it") as refusal:
                bob.update_sweep(sweep, SweepUpdate(config))
            assert refusal.value.status == 403
        assert bob.sweep(sweep).config == CONFIG
        assert bob.update_sweep(sweep, SweepUpdate(CONFIG | {"run_cap": 1})).run_cap == 1
        assert ann.update_sweep(sweep, SweepUpdate(evil)).config["command"] == evil["command"]
        assert admin.update_sweep(sweep, SweepUpdate(CONFIG)).config == CONFIG
    stored = {key.name: key.projects for key in admin.api_keys()}
    assert stored["ann"] == ["p"] and None in stored.values()
    assert json.loads(msgspec.json.encode(admin.api_keys()))[1]["projects"] == ["p"]

"""Calls every public function with strange arguments. Nothing raises, and what was accepted arrives at the server.

`--examples 20000` tries more.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lightning_sweeps
from lightning_sweeps import Api, Run, SweepLogger
from lightning_sweeps.client import Client
from lightning_sweeps.errors import LightningSweepsError, NotFound, UsageError
from lightning_sweeps.messages import RejectedRecord
from tests.sdk.strange_objects import strange
from tests.servers import running_server, wait_until
from tests.service.services import running_service

ASKING = {"use_artifact", "find_artifact", "download_artifact"}
"""They return what was asked for, so they raise our own errors if there is nothing to return."""
NOT_CALLED = {"adopt_lines", "bind_trainer", "capture_console", "release_console", "resume", "set_synced_metrics"}
"""Our own integrations call them with our own objects."""
WAITING = {"timeout_s"}
CALLS_PER_RUN = 25

pytestmark = pytest.mark.filterwarnings("ignore")


def strange_arguments(chance: random.Random, function: Callable[..., Any], *, share: float) -> dict[str, Any]:
    """Return arguments that the signature allows: all required ones, and a share of the others."""
    keywords: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in {"self", *WAITING} or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        is_required = parameter.default is parameter.empty
        if is_required or chance.random() < share:
            keywords[parameter.name] = strange(chance)
    return keywords


def methods_of(kind: type) -> list[str]:
    """Return the public methods and the attributes that can be set."""
    found = [name for name in dir(kind) if not name.startswith("_") and name not in NOT_CALLED]
    return [name for name in found if callable(getattr(kind, name, None))]


def call(target: Any, name: str, chance: random.Random) -> None:
    """Call one method with strange arguments. Only methods that ask for something may raise our own errors."""
    keywords = strange_arguments(chance, getattr(target, name), share=0.4)
    try:
        getattr(target, name)(**keywords)
    except LightningSweepsError:
        assert name in ASKING
    except OSError:
        assert name in ASKING


def opened(chance: random.Random, open_one: Callable[..., Any]) -> Any:
    """Return what was opened with strange arguments, or without any if they are not allowed."""
    keywords = strange_arguments(chance, open_one, share=0.1)
    keywords["project"] = "strange"
    keywords.pop("id", None)  # several runs with one id would be one run
    try:
        return open_one(**keywords)
    except UsageError as error:
        assert str(error)
        return open_one("strange")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: some calls read it."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["run", "logger"])
def test_nothing_raises_and_what_was_accepted_arrives(
    home: Path, work: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    examples = request.config.getoption("--examples")
    chance = random.Random(7)
    ids: set[str] = set()
    markers = 0
    with running_server(home) as (client, _), running_service(home):
        for number in range(0, examples, CALLS_PER_RUN):
            target = opened(chance, lightning_sweeps.init if kind == "run" else SweepLogger)
            run: Run = target if kind == "run" else target.experiment
            for index in range(min(CALLS_PER_RUN, examples - number)):
                each = target if chance.random() < 0.5 else run
                call(each, chance.choice(methods_of(type(each))), chance)
                for label in ("name", "notes", "tags"):
                    if chance.random() < 0.1:
                        setattr(run, label, strange(chance))
                run.config[f"k{index}"] = strange(chance)
                run.log({"marker": 1.0, "value": strange(chance)}, chance.choice([None, index]))
                markers += run.is_recording
            run.finish()
            if run.is_recording:
                ids.add(run.id)
                assert run.lost_rows == 0
        wait_until(lambda: all(has_ended(client, each) for each in ids), timeout_s=120, what="the runs")
        api = Api()
        arrived = sum(len(list(api.points(each, "marker"))) for each in ids)
        rejected = [
            one.reason
            for each in ids
            for one in client._get(f"/api/runs/{each}/rejected-records", list[RejectedRecord])
        ]
    assert all("nested more than 32 deep" in reason for reason in rejected), (
        "only this value is left out, and it is told"
    )
    assert arrived == markers


def has_ended(client: Client, run_id: str) -> bool:
    """Return whether the server has the run and its end."""
    try:
        return client.run(run_id).state != "running"
    except NotFound:
        return False

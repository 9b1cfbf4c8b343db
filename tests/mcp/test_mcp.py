"""The MCP server as a coding agent uses it: the SDK's own client over a real subprocess."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from tests.cli.test_cli import command
from tests.servers import running_server
from tests.store.journals import Journal

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
from mcp import Client as McpClient
from mcp import StdioServerParameters, stdio_client

Ask = Callable[..., Coroutine[Any, Any, dict[str, Any]]]

SWEEP = {
    "program": "train.py",
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"lr": {"values": [0.1, 0.2, 0.3]}},
}
READ = {
    *("list_projects", "list_sweeps", "sweep_status", "best_trials", "list_runs", "show_run", "compare_runs"),
    *("read_series", "console_tail", "explain_failure", "sql", "sql_tables"),
}
CHANGE = {"create_sweep", "pause_sweep", "resume_sweep", "stop_sweep"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client, m.Sweep]]:
    """A server with a sweep of two ended trials, one of which failed, and their runs."""
    home = tmp_path_factory.mktemp("filled") / "home"
    with running_server(home) as (client, _):
        sweep_id = client.create_sweep(m.SweepCreate(SWEEP, project="digits", name="learning rates")).id
        agent = client.register_agent(sweep_id, m.AgentRegister("host-1", "node-1", 1, 0)).agent.id
        for number, end in enumerate((m.TrialEnd("finished", 0), m.TrialEnd("failed", 1, "", "ValueError: too high"))):
            trial = client.lease(agent, wait_s=5).trial
            assert trial is not None
            client.start_trial(agent, trial.id)
            config = {"lr": trial.params["lr"], "width": 8}
            journal = Journal(id=f"j{number}", run=f"r{number}", project="digits", trial=trial.id, config=config)
            for step in range(1000):
                journal.log(step, loss=50.0 if step == 500 else 1.0 + number)
            journal.say("ValueError: too high")
            client.send_journal(journal.id, 0, journal.finish("failed" if end.exit_code else "finished").data)
            client.end_trial(agent, trial.id, end)
        client.leave(agent)
        yield home, client, client.sweep(sweep_id)


def talk(home: Path, work: Callable[[McpClient, Ask], Coroutine[Any, Any, None]], *options: str) -> None:
    """Start the server as a coding agent does, and run `work` with a client of it."""
    variables = {name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "LIGHTNING_SWEEPS"))}
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "lightning_sweeps.cli", "mcp", *options],
        env=variables | {"LIGHTNING_SWEEPS_HOME": str(home)},
    )

    async def run() -> None:
        async with McpClient(stdio_client(started)) as client:

            async def ask(tool: str, **arguments: Any) -> dict[str, Any]:
                answer = await client.call_tool(tool, arguments)
                text = "".join(getattr(part, "text", "") for part in answer.content)
                assert not answer.is_error, text
                assert answer.structured_content is not None
                return dict(answer.structured_content)

            await work(client, ask)

    anyio.run(run)


def test_a_coding_agent_reads_what_happened(filled: tuple[Path, Client, m.Sweep]) -> None:
    home, _, sweep = filled

    async def work(client: McpClient, ask: Ask) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools.keys() == READ
        assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools.values())
        assert all(tool.description for tool in tools.values())
        assert "metric" in tools["read_series"].input_schema["required"]

        assert await ask("list_projects") == {"projects": ["digits"]}
        listed = await ask("list_sweeps", project="digits")
        assert listed["sweeps"][0]["best"] == {"number": 1, "value": 1.0, "params": {"lr": 0.1}}
        status = await ask("sweep_status", sweep_id=sweep.id, limit=1)
        assert [trial["number"] for trial in status["newest_trials"]] == [2] and status["config"]["method"] == "grid"
        best = await ask("best_trials", sweep_id=sweep.id)
        assert [trial["number"] for trial in best["best"]] == [1, 2]
        runs = await ask("list_runs", state="failed")
        assert [run["id"] for run in runs["runs"]] == ["r1"]
        shown = await ask("show_run", run_id="r0")
        assert shown["config"] == {"lr": 0.1, "width": 8} and shown["metrics"][0]["count"] == 1000
        compared = await ask("compare_runs", run_ids=["r0", "r1"])
        assert compared["config_differences"] == {"lr": {"r0": 0.1, "r1": 0.2}}
        assert compared["summaries"]["r1"] == {"loss": 2.0}
        series = await ask("read_series", run_id="r0", metric="loss", points=10)
        assert len(series["buckets"]) <= 10 and max(bucket["maximum"] for bucket in series["buckets"]) == 50.0
        assert (await ask("console_tail", run_id="r1"))["text"] == "ValueError: too high"
        for name in (f"{sweep.id}/2", "r1"):
            why = await ask("explain_failure", id=name)
            assert [rank["printed_last"] for rank in why["ranks"]] == ["ValueError: too high"]
            assert why["ranks"][0]["state"] == "failed"
        assert "ValueError" in (await ask("explain_failure", id=f"{sweep.id}/2"))["trial"]["stderr"]
        asked = "select count(*) as n, max(value) as top from points"
        assert await ask("sql", statement=asked, metrics=["loss"]) == {
            "rows": [{"n": 2000, "top": 50.0}],
            "is_cut": False,
        }
        cut = await ask("sql", statement="select step from points", limit=3)
        assert len(cut["rows"]) == 3 and cut["is_cut"]
        assert any(line.startswith("points(") for line in (await ask("sql_tables"))["tables"])

    talk(home, work)


def test_mistakes_are_explained_to_the_model(filled: tuple[Path, Client, m.Sweep]) -> None:
    async def work(client: McpClient, _: Ask) -> None:
        for tool, arguments, text in (
            ("show_run", {"run_id": "nothing"}, "nothing"),
            ("sql", {"statement": "drop table runs"}, "does more than read"),
            ("list_runs", {"limit": 5000}, "allowed: 1 to 200"),
            ("explain_failure", {"id": f"{filled[2].id}/99"}, "has no trial `99`"),
            ("compare_runs", {"run_ids": ["r0"]}, "allowed: 2 to 20"),
        ):
            answer = await client.call_tool(tool, arguments)
            assert answer.is_error and text in "".join(getattr(part, "text", "") for part in answer.content)
        unknown = None
        try:
            unknown = await client.call_tool("pause_sweep", {"sweep_id": filled[2].id})
        except Exception as error:
            assert "pause_sweep" in str(error)
        assert unknown is None or unknown.is_error

    talk(filled[0], work)
    assert filled[1].sweep(filled[2].id).state == "running"


def test_changes_must_be_allowed(filled: tuple[Path, Client, m.Sweep]) -> None:
    home, server, _ = filled

    async def work(client: McpClient, ask: Ask) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools.keys() == READ | CHANGE
        hints = {name: tools[name].annotations for name in CHANGE}
        assert {name for name, hint in hints.items() if hint is not None and hint.destructive_hint} == {"stop_sweep"}
        created = (await ask("create_sweep", config=SWEEP, project="new"))["sweep_id"]
        for tool, state in (("pause_sweep", "paused"), ("resume_sweep", "running"), ("stop_sweep", "stopped")):
            assert (await ask(tool, sweep_id=created))["state"] == state
            assert server.sweep(created).state == state

    talk(home, work, "--allow-changes")


def test_without_the_sdk_the_command_says_what_to_install(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mcp.py").write_text("raise ModuleNotFoundError('no mcp', name='mcp')")
    done = subprocess.run(
        [sys.executable, "-m", "lightning_sweeps.cli", "mcp"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and 'pip install "lightning-sweeps[mcp]"' in done.stderr


def test_the_skill_names_what_exists(home: Path) -> None:
    text = command(home, "skill").stdout
    path = Path(command(home, "skill", "--path").stdout.strip())
    assert path.read_text() == text and text.startswith("---\nname: lightning-sweeps\n")
    assert {name for name in READ | CHANGE if f"`{name}`" in text} >= {"list_sweeps", "explain_failure", "sql"}

"""What a wandb client streams is stored exactly once, whatever is repeated, reordered or interrupted."""

from __future__ import annotations

import gzip
import json

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.ids import new_id
from tests.server.protocols.wandb_server import WandbServer, row


@pytest.fixture
def served(each_server: tuple[Client, ServerFile]) -> WandbServer:
    return WandbServer(*each_server, project=new_id("p-"))


def test_a_run_is_created_and_updated(served: WandbServer) -> None:
    config = json.dumps({"lr": {"value": 0.1}, "_wandb": {"value": {"t": {}}}})
    made = served.upsert("abc", config=config, displayName="first", groupName="g", tags=["a"])
    assert made["inserted"] and made["bucket"]["name"] == "abc"
    assert not served.upsert("abc", config=json.dumps({"lr": {"value": 0.2}, "n": {"value": 1}}), tags=["b"])[
        "inserted"
    ]
    run = served.run()
    assert (run.name, run.group, run.tags, run.host, run.state) == ("first", "g", ["b"], "gpu1", "running")
    assert run.config == {"lr": 0.2, "n": 1}


def test_repeated_and_overlapping_chunks_are_stored_once_and_early_ones_are_refused(served: WandbServer) -> None:
    served.upsert("abc")
    assert served.log("abc", 2, [0.3]).status_code == 409
    assert served.log("abc", 0, [0.1, 0.2]).ok
    assert served.log("abc", 0, [0.1, 0.2]).ok
    assert served.log("abc", 1, [0.2, 0.3]).ok
    assert served.log("abc", 9, [0.9]).status_code == 409
    assert served.log("abc", 3, [0.4]).ok
    assert served.losses() == [(0, 0.1), (1, 0.2), (2, 0.3), (3, 0.4)]
    assert served.run().rows == 4


def test_a_resumed_run_continues_after_its_last_row(served: WandbServer) -> None:
    assert served.resume("abc") is None
    served.upsert("abc", displayName="first")
    served.log("abc", 0, [0.1, 0.2])
    served.stream("abc", {"complete": True, "exitcode": 1})
    assert (served.run().state, served.run().reason) == ("failed", "exit status 1")
    status = served.resume("abc")
    assert status is not None and status["historyLineCount"] == 2
    assert json.loads(json.loads(status["historyTail"])[0])["_step"] == 1
    served.upsert("abc")
    assert served.run().state == "running"
    assert served.log("abc", 2, [0.3]).ok
    assert served.log("abc", 2, [0.3]).ok
    served.stream("abc", {"complete": True, "exitcode": 0})
    run = served.run()
    assert (run.state, run.name, run.attempt, run.rows) == ("finished", "first", 1, 3)
    assert served.losses() == [(0, 0.1), (1, 0.2), (2, 0.3)]


@pytest.mark.parametrize("is_ended", [True, False])
def test_a_run_that_starts_again_from_its_beginning_loses_no_row(served: WandbServer, is_ended: bool) -> None:
    served.upsert("abc")
    served.log("abc", 0, [0.1, 0.2, 0.3])
    if is_ended:
        served.stream("abc", {"complete": True, "exitcode": 0})
    served.upsert("abc")
    assert served.log("abc", 0, [0.9, 0.8], since=2000.0).ok
    assert served.log("abc", 2, [0.7], since=2000.0).ok
    assert served.losses() == [(0, 0.9), (1, 0.8), (2, 0.7)]
    assert served.run().rows == 6


def test_a_run_that_is_sent_again_after_its_end_is_stored_once(served: WandbServer) -> None:
    """`wandb sync` sends all lines from the first one on, also those that the server did not get before."""
    times = [f"2026-01-01T00:00:0{second}.500000" for second in range(4)]
    samples = [json.dumps({"system.cpu": 50.0 + at, "_timestamp": 1000.0 + at}) for at in range(4)]

    def send(count: int) -> None:
        files = {
            "wandb-history.jsonl": {"offset": 0, "content": [row(step, step / 2) for step in range(count)]},
            "output.log": {"offset": 0, "content": [f"{time} line" for time in times[:count]]},
            "wandb-events.jsonl": {"offset": 0, "content": samples[:count]},
        }
        assert served.upsert("abc", host=served.project)["bucket"]["historyLineCount"] is None
        assert served.stream("abc", {"files": files}).ok
        assert served.stream("abc", {"complete": True, "exitcode": 0}).ok

    for count in (2, 2, 3, 4, 4):
        send(count)
        run = served.run()
        assert (run.rows, run.state) == (count, "finished")
        assert served.losses() == [(step, step / 2) for step in range(count)]
        assert len(served.client.console(run.id)) == count
        sampled = [one.value for one in served.client.points(run.node, "cpu.percent")]
        assert sorted(sampled) == [50.0 + at for at in range(count)]


def test_console_lines_are_stored_once_and_corrected(served: WandbServer) -> None:
    served.upsert("abc")

    def send(first: int, *lines: str) -> None:
        content = [f"2026-01-01T00:00:0{at}.500000 {line}" for at, line in enumerate(lines)]
        assert served.stream("abc", {"files": {"output.log": {"offset": first, "content": content}}}).ok

    send(0, "begin", "10 %")
    send(1, "20 %", "end")
    send(1, "20 %", "end")
    assert [one.line for one in served.client.console(served.run().id)] == ["begin", "20 %", "end"]


def test_summary_samples_and_compressed_requests_are_stored(served: WandbServer) -> None:
    served.upsert("abc")
    sample = {"system.gpu.0.gpu": 55.0, "system.memory_percent": 20.0, "_timestamp": 1000.0, "_wandb": True}
    files = {
        "wandb-history.jsonl": {
            "offset": 0,
            "content": [row(0, 0.5), '{"_step": 1, "loss": "NaN"}'],
        },
        "wandb-summary.json": {"offset": 0, "content": ['{"best": 7, "loss": {"min": 0.5}, "_step": 1}']},
        "wandb-events.jsonl": {"offset": 0, "content": [json.dumps(sample)]},
    }
    body = gzip.compress(json.dumps({"files": files}).encode())
    assert served.stream("abc", body, headers={"Content-Encoding": "gzip"}).ok
    run = served.run()
    assert (run.summary["best"], run.summary["loss.min"], run.summary["loss"]) == (7, 0.5, "nan")
    node = served.client.keys(run.node)
    assert {one.key: one.last for one in node} == {"gpu.0.utilization_percent": 55.0, "memory.percent": 20.0}
    assert {one.key for one in served.client.keys(f"process:{run.id}")} == {one.key for one in node}


def test_a_damaged_line_is_rejected_with_the_reason_and_the_rest_is_kept(served: WandbServer) -> None:
    served.upsert("abc")
    content = [row(0, 0.1), "no json", row(2, 0.3)]
    assert served.stream("abc", {"files": {"wandb-history.jsonl": {"offset": 0, "content": content}}}).ok
    assert served.losses() == [(0, 0.1), (2, 0.3)]
    assert served.run().rejected == 1

"""The real wandb client logs to this server, unmodified."""

from __future__ import annotations

import pytest

from tests.server.protocols.wandb_client import WandbPrograms
from tests.servers import wait_until

pytestmark = pytest.mark.slow

LOGS = """
import sys, wandb
with wandb.init(config={"lr": 0.1, "model": {"width": 8}}, name="first", notes="a note", tags=["a"], group="g",
                job_type="train") as run:
    run.define_metric("loss", summary="min")
    for step in range(100):
        run.log({"loss": 1 / (step + 1), "text": "words", "inner": {"accuracy": step}})
    print("printed")
    print("said", file=sys.stderr)
    run.config.update({"late": 3})
    run.summary["best"] = 7
    run.tags += ("b",)
    run.alert("alarm", "look")
"""
RESUMES = """
import wandb
with wandb.init(id="abc", resume="{resume}") as run:
    for value in {values}:
        run.log({{"loss": value}})
"""
OFFLINE = """
import wandb
with wandb.init() as run:
    for value in (0.5, 0.4, 0.3):
        run.log({"loss": value})
"""


def test_everything_that_a_run_logs_arrives(programs: WandbPrograms) -> None:
    printed = programs.run(LOGS)
    assert "ERROR" not in printed
    client = programs.served.client
    run = programs.served.run()
    assert (run.name, run.group, run.job_type, run.notes, run.state) == ("first", "g", "train", "a note", "finished")
    assert (run.tags, run.rows, run.exit_code) == (["a", "b"], 100, 0)
    assert run.config == {"lr": 0.1, "model": {"width": 8}, "late": 3}
    assert {key: run.summary[key] for key in ("best", "loss.min", "text")} == {
        "best": 7,
        "loss.min": 0.01,
        "text": "words",
    }
    assert programs.served.losses() == [(step, 1 / (step + 1)) for step in range(100)]
    assert client.points(run.id, "inner.accuracy")[-1].value == 99
    lines = {(one.stream, one.line) for one in client.console(run.id)}
    assert {("stdout", "printed"), ("stderr", "said"), ("stderr", "alert (INFO): alarm: look")} <= lines
    assert client.keys(run.node)


@pytest.mark.parametrize("resume", ["allow", "must"])
def test_a_resumed_run_continues(programs: WandbPrograms, resume: str) -> None:
    programs.run(RESUMES.format(resume="allow", values=[0.5, 0.4]))
    programs.run(RESUMES.format(resume=resume, values=[0.3]))
    assert programs.served.losses() == [(0, 0.5), (1, 0.4), (2, 0.3)]
    assert programs.served.run().state == "finished"


def test_resume_says_what_does_not_exist_and_what_does(programs: WandbPrograms) -> None:
    assert "does not exist" in programs.run(RESUMES.format(resume="must", values=[1]), status=1)
    programs.run(RESUMES.format(resume="never", values=[1]))
    assert "resume" in programs.run(RESUMES.format(resume="never", values=[1]), status=1)
    assert programs.served.run().rows == 1


def test_a_program_that_raises_fails(programs: WandbPrograms) -> None:
    programs.run("import sys, wandb\nwandb.init().log({'loss': 1})\nsys.exit(3)", status=3)
    run = programs.served.run()
    assert (run.state, run.exit_code, run.reason) == ("failed", 3, "exit status 3")


def test_a_program_that_is_killed_is_lost_and_its_rows_are_there(programs: WandbPrograms) -> None:
    program = programs.write("import wandb, time\nrun = wandb.init()\nrun.log({'loss': 1})\ntime.sleep(999)")
    with programs.start("python", str(program)) as process:
        wait_until(lambda: programs.served.has_rows(1), timeout_s=120, what="the row")
        process.kill()
        process.wait()
    wait_until(lambda: programs.served.run().state != "running", timeout_s=180, what="the end of the run")
    assert programs.served.run().state == "lost"  # the client says nothing of the end
    programs.sync("run-*")
    assert programs.served.losses() == [(0, 1.0)]


def test_an_offline_run_arrives_once_however_often_it_is_synchronized(programs: WandbPrograms) -> None:
    programs.run(OFFLINE, WANDB_MODE="offline")
    for _ in range(2):
        programs.sync("offline-run-*")
    assert programs.served.losses() == [(0, 0.5), (1, 0.4), (2, 0.3)]
    run = programs.served.run()
    assert (run.state, run.rows) == ("finished", 3)


def test_a_client_that_is_refused_says_why_at_once(programs: WandbPrograms) -> None:
    assert "there is no entity `acme`" in programs.run("import wandb\nwandb.init(entity='acme')", status=1)
    printed = programs.run("import wandb\nwandb.init()", status=1, WANDB_API_KEY="ls_" + "0" * 64)
    assert "does not know this API key" in printed

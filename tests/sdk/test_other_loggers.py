"""The calls of W&B, TensorBoard and MLflow that a run understands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PilImage

import lightning_sweeps
from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.reader import read_header, read_part
from lightning_sweeps.journal.records import Config, Media, Metrics, Record, Summary, Text


def records(home: Path, kind: type[Record]) -> list[Any]:
    paths = sorted((home / "journals").glob("*.journal"))
    return [one for path in paths for one in read_part(path, 0, limit_bytes=1 << 20).records if isinstance(one, kind)]


def test_commit_false_keeps_values_for_the_next_row(home: Path) -> None:
    run = lightning_sweeps.init()
    run.log({"a": 1}, commit=False)
    run.log({"b": 2})
    run.log({"c": 3}, commit=False)
    run.finish()
    assert [row.values for row in records(home, Metrics)] == [{"a": 1, "b": 2}, {"c": 3}]


def test_define_metric_records_the_summary_that_it_names(home: Path) -> None:
    run = lightning_sweeps.init()
    run.define_metric("epoch")
    run.define_metric("loss*", step_metric="epoch", summary="min,max,mean,best", goal="minimize")
    for value in (3.0, 1.0, 2.0):
        run.log({"loss/val": value, "other": value})
    run.finish()
    summary: dict[str, Any] = {}
    for record in records(home, Summary):
        summary.update(record.values)
    assert summary == {
        "axis": {"loss*": "epoch"},
        "loss/val": {"min": 1.0, "max": 3.0, "mean": 2.0, "best": 1.0},
    }


def test_media_stand_beside_numbers(home: Path) -> None:
    class Figure:
        def savefig(self, stream: Any, format: str) -> None:  # noqa: A002 - Matplotlib's signature
            stream.write(format.encode())

    image = PilImage.new("RGB", (4, 4))
    run = lightning_sweeps.init()
    run.log(
        {
            "loss": 1.0,
            "one": image,
            "list": [image, image],
            "figure": Figure(),
            "weights": np.arange(100.0),
            "wrapped": lightning_sweeps.Image(np.ones((4, 4)), caption="white"),
            "table": lightning_sweeps.Table(columns=["a"], data=[[1]]),
            "deep": {"image": image, "acc": 0.5},
        },
        step=3,
    )
    run.finish()
    [row] = records(home, Metrics)
    assert row.values == {"loss": 1.0, "deep.acc": 0.5}
    media = records(home, Media)
    assert {(one.key, one.index, one.step) for one in media} == {
        ("one", 0, 3), ("list", 0, 3), ("list", 1, 3), ("figure", 0, 3), ("weights", 0, 3), ("wrapped", 0, 3),
        ("table", 0, 3), ("deep.image", 0, 3),
    }  # fmt: skip
    assert next(one.caption for one in media if one.key == "wrapped") == "white"


def test_calls_of_tensorboard_and_mlflow(home: Path) -> None:
    run = lightning_sweeps.init()
    run.add_scalar("a", 1.0, 5)
    run.add_histogram("h", np.arange(9.0), 5)
    run.add_image("i", np.ones((3, 4, 4)), 5)
    run.add_hparams({"lr": 0.1}, {"acc": 1.0})
    run.log_metric(run.id, "b", 2.0, step=6)
    run.log_metric("c", 3.0)
    run.log_param(run.id, "seed", 1)
    run.set_tag(run.id, "stage", "test")
    run.flush()
    run.finish()
    assert [(row.step, row.values) for row in records(home, Metrics)] == [
        (5, {"a": 1.0}),
        (6, {"b": 2.0}),
        (7, {"c": 3.0}),
    ]
    assert {one.key for one in records(home, Media)} == {"h", "i"}
    assert [record.values for record in records(home, Config)] == [{"lr": 0.1}, {"seed": 1}]
    assert run.tags == ("stage=test",)


def test_media_and_groups_of_tensorboard(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Figure:
        def savefig(self, stream: Any, format: str) -> None:  # noqa: A002 - Matplotlib's signature
            stream.write(format.encode())

    run = lightning_sweeps.init()
    run.add_scalars("loss", {"train": 1.0, "val": 2.0}, 5)
    run.add_text("said", "hello", 5)
    run.add_images("images", np.ones((2, 3, 4, 4)), 5)
    run.add_image("last", np.zeros((4, 5, 3)), 5, dataformats="HWC")
    run.add_figure("figure", Figure(), 5)
    run.add_video("video", np.zeros((1, 2, 3, 4, 4), np.uint8), 5)
    run.add_audio("audio", np.zeros(100), 5)
    run.add_graph(object())
    assert "`add_graph` stores nothing" in caplog.text
    run.finish()
    [row] = records(home, Metrics)
    assert (row.step, row.values) == (5, {"loss": {"train": 1.0, "val": 2.0}})
    found = {(one.key, one.index, one.mime, one.step) for one in records(home, Media)}
    assert found == {
        ("said", 0, "text/plain", 5), ("images", 0, "image/png", 5), ("images", 1, "image/png", 5),
        ("last", 0, "image/png", 5), ("figure", 0, "image/png", 5), ("video", 0, "image/apng", 5),
        ("audio", 0, "audio/wav", 5),
    }  # fmt: skip


def test_calls_of_mlflow_with_and_without_the_id_of_the_run(home: Path) -> None:
    run = lightning_sweeps.init()
    run.log_metric("a", 1.0, 7)
    run.log_metric("b", 2.0, step=8)
    run.log_metric(run.id, "c", 3.0, 123456, 9)
    run.log_metrics({"d": 4.0}, 10)
    run.log_param(run.id, "nothing", None)
    run.log_param("text", "word")
    run.log_params({"x": 1, "y": 2})
    run.set_tag("stage", "test")
    run.finish()
    rows = [(row.step, row.values) for row in records(home, Metrics)]
    assert rows == [(7, {"a": 1.0}), (8, {"b": 2.0}), (9, {"c": 3.0}), (10, {"d": 4.0})]
    config = [record.values for record in records(home, Config)]
    assert config == [{"nothing": None}, {"text": "word"}, {"x": 1, "y": 2}]
    assert run.tags == ("stage=test",)


def test_what_a_run_of_wandb_tells_about_itself(home: Path) -> None:
    run = lightning_sweeps.init("vision")
    assert (run.project_name(), run.resumed, run.starting_step, run.sweep_id) == ("vision", False, 0, None)
    assert (run.step, run.status(), run.get_url()) == (0, "running", None)
    run.log({"x": 1}, step=4)
    assert run.step == 5
    run.finish()
    assert run.status() == "finished"


def test_alerts_files_and_folders(home: Path, tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text("weights")
    run = lightning_sweeps.init()
    run.alert("loss is NaN", text="at step 3", level="WARN")
    assert run.save(tmp_path / "*.txt") == [str(tmp_path / "model.txt")]
    assert run.save(tmp_path / "none*") == []
    assert Path(run.dir).is_dir()
    assert run.path == f"{run.project}/{run.id}"
    assert run.url is None, "no server has been started"
    run.finish()
    assert [line.line for line in records(home, Text)] == ["alert (WARN): loss is NaN: at step 3"]
    assert [one.key for one in records(home, Media)] == ["model.txt"]


def test_attributes_that_do_not_exist_raise() -> None:
    run = lightning_sweeps.init()
    with pytest.raises(AttributeError, match=r"(?s)no attribute `link_artifact`.*hint: use `log_artifact"):
        _ = run.link_artifact
    with pytest.raises(AttributeError, match=r"(?s)no attribute `summry`.*similar names: summary"):
        run.summry = {}
    assert not hasattr(run, "nothing")
    run.finish()


def test_arguments_of_wandb(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = lightning_sweeps.init("p", entity="team", run_name="n", mode="offline")
    assert (run.name, run.offline, run.entity) == ("n", True, "")
    assert "`entity` is ignored" in caplog.text
    run.finish()
    assert len(list((home / "offline").glob("*.journal"))) == 1
    assert lightning_sweeps.init(mode="disabled").disabled


def test_a_run_is_resumed_by_its_id(home: Path) -> None:
    code = "import lightning_sweeps as ls; r = ls.init('p', id='mine', resume={}); r.log({{'x': 1}}); print(r.attempt)"

    def attempt(resume: str | None) -> str:
        program = [sys.executable, "-c", code.format(repr(resume))]
        variables = {**environment(), "LIGHTNING_SWEEPS_MODE": "offline"}
        done = subprocess.run(program, capture_output=True, text=True, check=False, env=variables)
        return done.stdout.strip() or done.stderr.strip().splitlines()[-2]

    assert "there is no run `mine`" in attempt("must")
    assert [attempt(resume) for resume in ("never", "allow", None, "must")] == ["0", "1", "2", "3"]
    assert "there is a run `mine` already" in attempt("never")


def test_resume_auto_continues_a_run_that_has_not_finished(home: Path) -> None:
    code = "import lightning_sweeps as ls, os; r = ls.init('p', resume='auto'); print(r.id, r.attempt, flush=True); {}"

    def run(end: str) -> list[str]:
        variables = {**environment(), "LIGHTNING_SWEEPS_MODE": "offline"}
        program = [sys.executable, "-c", code.format(end)]
        done = subprocess.run(program, capture_output=True, text=True, check=False, env=variables)
        return done.stdout.split()

    first, second, third = run("os._exit(1)"), run("r.finish()"), run("r.finish()")
    assert (first[0], second[1]) == (second[0], "1")
    assert third[0] != first[0]


def test_variables_of_wandb_are_read_and_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIGHTNING_SWEEPS_QUIET")
    for name, value in {
        "WANDB_PROJECT": "vision", "WANDB_NAME": "first", "WANDB_RUN_GROUP": "g", "WANDB_TAGS": "a, b",
        "WANDB_NOTES": "n", "WANDB_MODE": "dryrun",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    code = "import lightning_sweeps as ls; ls.init().finish(); ls.init().finish()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert done.stderr.count("WANDB_PROJECT as LIGHTNING_SWEEPS_PROJECT") == 1
    paths = list((home / "offline").glob("*.journal"))
    header = read_header(paths[0])
    assert header is not None and header.run is not None
    found = header.run
    assert (found.project, found.name, found.group, found.tags, found.notes) == (
        "vision",
        "first",
        "g",
        ["a", "b"],
        "n",
    )
    monkeypatch.setenv("WANDB_DISABLED", "true")
    assert read_settings().mode == "disabled"
    monkeypatch.setenv("LIGHTNING_SWEEPS_MODE", "online")
    assert read_settings().mode == "online"


def test_no_home_and_a_user_without_an_entry(tmp_path: Path) -> None:
    code = (
        "import os; os.setuid(54321)\n"
        "import lightning_sweeps as ls\n"
        "run = ls.init(); run.log({'x': 1}); run.finish(); print(run.lost_rows, run.folder)"
    )
    if os.getuid() != 0:
        pytest.skip("only root may become a user without an entry")
    tmp_path.chmod(0o777)
    variables = {name: value for name, value in environment().items() if name not in ("HOME", "LIGHTNING_SWEEPS_HOME")}
    variables |= {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    program = [sys.executable, "-c", code]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=variables, cwd="/")
    if "No module named" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("the user cannot read the packages")
    assert done.stdout.startswith("0 "), done.stderr


def test_an_unknown_argument_suggests_similar_ones() -> None:
    with pytest.raises(UsageError, match=r"(?s)`nmae` is no argument.*similar arguments: name"):
        lightning_sweeps.init(nmae="x")

"""Artifacts and models: versions, aliases, wrong values, and what training stores automatically."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from lightning_sweeps import SweepCallback, SweepLogger
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal.records import ArtifactFileRecord
from lightning_sweeps.sdk.environment import describe_environment, read_git
from lightning_sweeps.sdk.local_artifacts import ArtifactVersion, LocalArtifacts
from tests.trainer.journals import logged_run
from tests.trainer.models import Model, make_trainer

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "inner" / "b.txt").write_text("b")
    return folder


def test_a_folder_is_stored_found_and_downloaded(home: Path, tmp_path: Path, data: Path) -> None:
    logger = SweepLogger("digits")
    version = logger.log_artifact(data, kind="dataset", aliases=["clean"], metadata={"rows": 2})
    assert version is not None
    assert (version.full_name, version.size_bytes, version.metadata) == ("data:v0", 2, {"rows": 2})
    (data / "a.txt").write_text("changed afterwards")
    folder = Path(logger.download_artifact("data:clean", tmp_path / "back", "dataset"))
    assert {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.txt")} == {
        "a.txt": "a", "inner/b.txt": "b",
    }  # fmt: skip
    assert Path(logger.download_artifact("data")) == home / "runs" / "digits" / logger.version / "artifacts" / "data-v0"
    logger.finalize("success")
    assert [(entry.name, entry.role) for entry in logged_run(home).artifacts] == [
        ("data", "output"), ("data", "input"), ("data", "input"),
    ]  # fmt: skip


def test_versions_and_aliases(data: Path) -> None:
    logger = SweepLogger()
    numbers = []
    for content, aliases in [("1", ["best"]), ("1", []), ("2", []), ("3", ["best"])]:
        (data / "a.txt").write_text(content)
        version = logger.log_artifact(data, "set", aliases=aliases)
        assert version is not None
        numbers.append(version.number)
    assert numbers == [0, 0, 1, 2], "the same content is the same version"
    found = [logger.use_artifact(name).number for name in ("set", "set:latest", "set:best", "set:v1")]
    assert found == [2, 2, 2, 1]
    logger.finalize("success")


@pytest.mark.parametrize("name", ["../up", "a/b", "..", ""])
def test_names_that_are_paths_are_not_allowed(data: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    logger = SweepLogger()
    with pytest.raises(UsageError, match="artifact is named"):
        logger.use_artifact(name)
    if name:
        assert logger.log_artifact(data, name) is None
        assert "artifact is named" in caplog.text
    logger.finalize("success")


@pytest.mark.parametrize("alias", ["v3", "a:b", "../x"])
def test_aliases_that_look_like_versions_or_paths_are_not_allowed(
    data: Path, alias: str, caplog: pytest.LogCaptureFixture
) -> None:
    logger = SweepLogger()
    assert logger.log_artifact(data, aliases=[alias]) is None
    assert "alias" in caplog.text
    logger.finalize("success")


def test_a_missing_artifact_raises_with_what_exists(data: Path) -> None:
    logger = SweepLogger()
    logger.log_artifact(data)
    with pytest.raises(NotFound, match=r"no artifact `data:v7`(.|\n)*v0"):
        logger.use_artifact("data:v7")
    with pytest.raises(NotFound, match="`data`"):
        logger.use_artifact("other")
    with pytest.raises(UsageError, match="is a `file`, not a `model`"):
        logger.use_artifact("data", "model")
    assert logger.log_artifact(data / "missing") is None
    logger.finalize("success")


@pytest.mark.parametrize("path", ["../outside", "/etc/outside", "a/../../outside"])
def test_a_manifest_cannot_write_outside_its_folder(home: Path, tmp_path: Path, path: str) -> None:
    artifacts = LocalArtifacts(Home(home), "digits")
    version = ArtifactVersion("bad", "file", 0, "0", [ArtifactFileRecord(path, "0" * 64, 1)])
    with pytest.raises(UsageError, match="is outside its folder"):
        artifacts.copy_to(version, tmp_path / "target")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(("log_model", "least"), [(False, 0), (True, 1), ("all", 2)])
def test_checkpoints_become_versions_of_the_model(home: Path, tmp_path: Path, log_model: bool, least: int) -> None:
    best = ModelCheckpoint(monitor="val_loss", save_top_k=-1)
    logger = SweepLogger(log_model=log_model)
    make_trainer(tmp_path, logger=logger, callbacks=[SweepCallback(), best]).fit(Model())
    kept = [entry for entry in logged_run(home).artifacts if entry.kind == "model"]
    assert len(kept) == least
    if least:
        name = f"model-{logger.version}"
        assert {entry.name for entry in kept} == {name}
        folder = Path(logger.download_artifact(f"{name}:best", tmp_path / "model"))
        [path] = folder.iterdir()
        assert path.name == Path(best.best_model_path).name
        assert torch.load(path, weights_only=True)["global_step"] > 0
        logger.finalize("success")


def test_an_unknown_value_of_log_model_is_not_allowed() -> None:
    with pytest.raises(UsageError, match="False, True, all"):
        SweepLogger(log_model="best")  # type: ignore[arg-type]


def test_log_code_stores_only_code(tmp_path: Path) -> None:
    for name in ("train.py", "sub/model.py", ".venv/lib.py", "__pycache__/x.py", "data.bin", "conf.yaml"):
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name).write_text(name)
    logger = SweepLogger()
    version = logger.log_code(tmp_path / "src")
    logger.finalize("success")
    assert version is not None
    assert [file.path for file in version.files] == ["conf.yaml", "sub/model.py", "train.py"]


def test_a_fit_logs_its_environment(home: Path, tmp_path: Path) -> None:
    make_trainer(tmp_path, logger=SweepLogger()).fit(Model())
    [entry] = [entry for entry in logged_run(home).media if entry.key == "environment"]
    found = json.loads(Home(home).blob(entry.digest).read_bytes())
    assert found["packages"]["torch"] == torch.__version__.partition("+")[0] or torch.__version__
    assert found["command"]


def test_the_commit_is_read_without_running_git(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert read_git(tmp_path / "none") == {} or "root" in read_git(tmp_path / "none")
    git("init", "-b", "main")
    (tmp_path / "sub").mkdir()
    git("commit", "--allow-empty", "-m", "first")
    expected = {"root": str(tmp_path), "commit": git("rev-parse", "HEAD"), "branch": "main"}
    assert read_git(tmp_path / "sub") == expected
    git("pack-refs", "--all")
    assert read_git(tmp_path) == expected
    git("checkout", "--detach")
    assert read_git(tmp_path)["commit"] == expected["commit"]
    git("worktree", "add", "-b", "side", str(tmp_path / "tree"))
    assert read_git(tmp_path / "tree") == {**expected, "root": str(tmp_path / "tree"), "branch": "side"}
    assert msgspec.json.encode(describe_environment(tmp_path))


def test_watch_logs_histograms(home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logger = SweepLogger()
    model = Model()
    logger.watch(model, log="all", log_freq=3)
    make_trainer(tmp_path, logger=logger).fit(model)
    logger.unwatch()
    logger.finalize("success")
    files = [entry for entry in logged_run(home).media if entry.key == "watch"]
    assert len(files) == 3  # of the steps 0, 3 and 6
    found = json.loads(Home(home).blob(files[0].digest).read_bytes())["tensors"]
    assert found.keys() == {
        f"{what}/{name}" for what in ("gradients", "parameters") for name, _ in model.named_parameters()
    }
    weights = found["parameters/layer.weight"]
    assert sum(weights["counts"]) == model.layer.weight.numel()
    assert weights["min"] <= weights["mean"] <= weights["max"]
    logger.watch(model, log="weights")  # type: ignore[arg-type]
    assert "gradients, parameters, all" in caplog.text

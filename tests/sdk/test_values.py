"""What becomes of single values: in rows, in the configuration, in names, and of a row's neighbours."""

from __future__ import annotations

import datetime
import math
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

import lightning_sweeps
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.reader import read_header, read_part
from lightning_sweeps.journal.records import Config, Finish, Labels, Metrics, Record, RunInfo
from tests.sdk.strange_objects import Attributes, Colour, Model, Optimizer, Size, cycle, laughs, nested


def records(home: Path) -> list[Record]:
    [path] = (home / "journals").glob("*.journal")
    part = read_part(path, 0, limit_bytes=1 << 30)
    assert part.damages == ()
    return list(part.records)


def rows(home: Path) -> list[Metrics]:
    return [record for record in records(home) if isinstance(record, Metrics)]


def info(home: Path) -> RunInfo:
    [path] = (home / "journals").glob("*.journal")
    header = read_header(path)
    assert header is not None and header.run is not None
    return header.run


@pytest.mark.parametrize(
    ("arguments", "field", "expected"),
    [
        ({"notes": None}, "notes", ""),
        ({"notes": 5}, "notes", "5"),
        ({"notes": Path("x")}, "notes", "x"),
        ({"notes": "caf\udce9"}, "notes", "caf?"),
        ({"job_type": None}, "job_type", ""),
        ({"tags": None}, "tags", []),
        ({"tags": "baseline"}, "tags", ["baseline"]),
        ({"tags": [1, "a"]}, "tags", ["1", "a"]),
        ({"tags": {"model": "small"}}, "tags", ["model=small"]),
        ({"name": 3}, "name", "3"),
        ({"group": 5}, "group", "5"),
        ({"config": Namespace(lr=0.1)}, "config", {"lr": 0.1}),
        ({"config": Optimizer()}, "config", {"lr": 0.1, "betas": [0.9, 0.99]}),
        ({"config": Attributes()}, "config", {"lr": 0.1}),
        ({"config": Model()}, "config", {"lr": 0.1, "layers": [1, 2]}),
        ({"config": {"seed": 2**100}}, "config", {"seed": str(2**100)}),
        ({"config": {"colour": Colour.RED, "size": Size.LARGE}}, "config", {"colour": "RED", "size": "large"}),
        (
            {"config": OmegaConf.create({"layers": [64, 32], "dir": "???", "bad": "${nowhere}", "lr": 1})},
            "config",
            {"layers": [64, 32], "dir": "<unreadable>", "bad": "<unreadable>", "lr": 1},
        ),
        ({"config": {1: "a", "1": "b"}}, "config", {"1": "a", "1~2": "b"}),
    ],
)
def test_arguments_of_init_become_what_a_run_declares(
    home: Path, arguments: dict[str, Any], field: str, expected: Any
) -> None:
    lightning_sweeps.init(**arguments).finish()
    assert getattr(info(home), field) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {"notes": object()}, {"tags": 5}, {"tags": [object()]}, {"name": [1]}, {"project": {}}, {"mode": 3},
        {"config": 5}, {"config": "lr=1"}, {"config": laughs()}, {"config": {"t": "x" * 20_000_000}}, {"nmae": "x"},
        {"mode": "grouup"}, {"resume": "maybe"}, {"resume": "allow"}, {"id": "a/b"}, {"notes": "x" * 2_000_000},
    ],
    ids=lambda arguments: next(iter(arguments)),
)  # fmt: skip
def test_a_wrong_argument_of_init_says_what_is_allowed(home: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"allowed|hint"):
        lightning_sweeps.init(**arguments)
    assert not list(home.glob("journals/*.journal"))


@pytest.mark.parametrize(
    ("step", "stored"),
    [
        (10 / 2, 5), (np.float32(3), 3), (np.int64(6), 6), (True, 1), ("10", 10), (1.9, 1), (-3.0, -3),
        (2**70, 2**63 - 1), (-(2**70), -(2**63)), (math.nan, 0), ("first", 0), (None, 0), (object(), 0),
        (np.array([7]), 7),
    ],
    ids=repr,
)  # fmt: skip
def test_every_step_is_stored_and_the_next_row_too(home: Path, step: Any, stored: int) -> None:
    run = lightning_sweeps.init()
    run.log({"loss": 1.0}, step=step)
    run.log({"loss": 2.0})
    run.finish()
    first, second = rows(home)
    assert first.step == stored
    assert second.step == (stored if abs(stored) >= 2**62 else stored + 1), "steps have 64 bits"


NEIGHBOURS = {
    "when": datetime.datetime(2024, 1, 1),
    "sizes": [1, 2],
    "text": "x" * 200_000,
    "set": {1},
    "decimal": __import__("decimal").Decimal("0.5"),
}


def test_a_value_does_not_change_its_neighbours(home: Path) -> None:
    run = lightning_sweeps.init()
    run.log(NEIGHBOURS)
    run.log({**NEIGHBOURS, "odd": object()})
    run.finish()
    first, second = rows(home)
    assert first.values == second.values
    assert first.values["decimal"] == 0.5


def test_every_kind_of_problem_is_said_once_for_each_key(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = lightning_sweeps.init()
    for _ in range(3):
        run.log({"a": 1j, "b": object(), "c": 1.0})
        run.log([1, 2])  # type: ignore[arg-type]
        run.finish("exploded")  # type: ignore[arg-type]
    said = [record.message for record in caplog.records]
    assert [sum(f"`{key}`" in message for message in said) for key in "abc"] == [1, 1, 0]
    assert sum("a row is a map" in message for message in said) == 1
    assert sum("`exploded`" in message for message in said) == 1


def test_25_000_keys_and_deep_maps_do_not_lose_the_row(home: Path) -> None:
    run = lightning_sweeps.init()
    run.log({f"k{number}": 1.0 for number in range(25_000)})
    run.log({"loss": 1.0, "deep": nested(1000), "loop": cycle()})
    run.log({"inner": {"image": object(), "loss": 2.0}})
    run.finish()
    first, second, third = rows(home)
    assert len(first.values) == 25_000
    assert second.values["loss"] == 1.0
    assert third.values == {"inner.loss": 2.0}


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        (("success",), "finished"), ((0,), "finished"), ((3,), "failed"), ((None,), "finished"),
        (("crashed",), "failed"), (("stopped",), "stopped"),
    ],
    ids=repr,
)  # fmt: skip
def test_finish_accepts_the_states_of_other_loggers(home: Path, arguments: tuple[Any, ...], state: str) -> None:
    run = lightning_sweeps.init()
    run.finish(*arguments, reason=None)  # type: ignore[arg-type]
    last = records(home)[-1]
    assert isinstance(last, Finish)
    assert (last.state, last.reason) == (state, "")


def test_the_configuration_is_a_dict_whose_changes_are_recorded(home: Path) -> None:
    run = lightning_sweeps.init(config={"data": {"k1": 1}})
    run.config.lr = 0.5
    run.config["data"]["k2"] = 2
    run.config.data.k3 = Path("x")
    run.config.update(Namespace(a=1), allow_val_change=True)
    run.config.setdefaults({"lr": 1, "b": 2})
    assert run.config == {"data": {"k1": 1, "k2": 2, "k3": "x"}, "lr": 0.5, "a": 1, "b": 2}
    assert "lr" in run.config and dict(run.config)["a"] == 1
    with pytest.raises(AttributeError, match="no value `rl`"):
        _ = run.config.rl
    with pytest.raises(AttributeError, match=r"write `\['items'\]"):
        setattr(run.config, "items", 3)  # noqa: B010 - mypy knows the method
    run.finish()
    assert [record.values for record in records(home) if isinstance(record, Config)] == [
        {"lr": 0.5}, {"data": {"k2": 2}}, {"data": {"k3": "x"}}, {"a": 1}, {"b": 2},
    ]  # fmt: skip


def test_labels_may_be_changed(home: Path) -> None:
    run = lightning_sweeps.init(tags=["a"])
    run.name, run.notes = "other", "new"
    run.tags += ("b",)
    run.finish()
    found = [record for record in records(home) if isinstance(record, Labels)]
    assert [(one.name, one.notes, one.tags) for one in found] == [
        ("other", None, None), (None, "new", None), (None, None, ["a", "b"]),
    ]  # fmt: skip
    assert (run.name, run.notes, run.tags) == ("other", "new", ("a", "b"))


def test_a_rejected_journal_is_told_to_the_program(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightning_sweeps.journal.writer.CHECK_INTERVAL_S", 0.0)
    run = lightning_sweeps.init()
    [path] = (home / "journals").glob("*.journal")
    Home(home).rejection(path.stem).write_text('{"journal": {"reason": "the disk of the server is damaged"}}')
    for _ in range(3):
        run.log({"x": 1.0})
    run.finish()
    assert caplog.text.count("the disk of the server is damaged") == 1

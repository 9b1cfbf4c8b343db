"""Figures contain the data of the server as plotly objects."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import optuna.importance  # noqa: F401  loads scikit-learn, which sets variables, before the leak check reads them
import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.api import figures
from lightning_sweeps.api.query import Api
from lightning_sweeps.errors import UsageError
from tests.engine.driver import TrialRun
from tests.servers import running_server
from tests.store.journals import Journal

SWEEP = {
    "program": "train.py",
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {
        "lr": {"values": [1e-4, 1e-3, 1e-2]},
        "model": {"parameters": {"kind": {"values": ["cnn", "mlp"]}}},
        "depth": {"values": [1, 2]},
        "seed": {"value": 7},
    },
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, str, str]]:
    """A server with a sweep of twelve trials, a sweep without trials, and two runs of a group."""
    with running_server(tmp_path_factory.mktemp("figures")) as (client, _):
        ids = [client.create_sweep(m.SweepCreate(SWEEP | {"name": name})).id for name in ("full", "empty")]
        agent = client.register_agent(ids[0], m.AgentRegister("host", "node", 1, 0, ["0"])).agent.id
        while (trial := client.lease(agent, wait_s=10).trial) is not None:
            client.start_trial(agent, trial.id)
            params = trial.params
            loss = abs(math.log10(params["lr"]) + 3) + 0.01 * params["depth"] + (params["model"]["kind"] == "mlp")
            TrialRun(client, trial).log({"loss": loss})
            client.end_trial(agent, trial.id, m.TrialEnd("finished", 0))
        for number in range(2):
            journal = Journal(id=f"j{number}", run=f"r{number}", rank=number)
            for step in range(2000):
                journal.log(step, loss=100.0 if step == 777 else number + 0.5)
            client.send_journal(journal.id, 0, journal.data)
        yield Api(client), ids[0], ids[1]


def drawn(figure: Any) -> dict[str, Any]:
    """Return the figure as JSON for a page."""
    found: dict[str, Any] = json.loads(figure.to_json())
    return found


def test_the_band_of_a_curve_contains_every_spike(served: tuple[Api, str, str]) -> None:
    upper, lower, curve = figures.curves(served[0], ["r0"], "loss", points=50).data
    assert len(curve.x) <= 50 and max(upper.y) == 100.0 and set(lower.y) == {0.5}
    assert curve.name == upper.name == served[0].run("r0").name
    groups = figures.curves(served[0], {"r0": "both", "r1": "both"}, "loss", x="time", points=50).data
    assert [trace.name for trace in groups] == ["both"] * 3 and min(groups[1].y) == 0.5
    assert drawn(figures.curves(served[0], ["r0"], "none"))["data"][0]["name"]


def test_the_history_of_a_sweep_has_each_trial_and_the_best_so_far(served: tuple[Api, str, str]) -> None:
    trials, best = figures.history(served[0], served[1]).data
    assert list(trials.x) == list(range(1, 13)) and len(trials.y) == 12
    assert list(best.y) == [min(trials.y[: at + 1]) for at in range(12)]


def test_parallel_coordinates_have_an_axis_for_each_parameter_that_differs(served: tuple[Api, str, str]) -> None:
    (trace,) = figures.parallel(served[0], served[1]).data
    depth, lr, kind, loss = trace.dimensions
    assert [axis.label for axis in trace.dimensions] == ["depth", "lr", "model.kind", "loss"]
    assert set(depth["values"]) == {1, 2} and list(kind.ticktext) == ["cnn", "mlp"]
    assert {round(value, 9) for value in lr["values"]} == {-4, -3, -2} and list(lr.ticktext) == ["1e-4", "1e-3", "1e-2"]
    assert list(trace.line.color) == list(loss["values"]) and trace.line.reversescale


def test_importances_name_the_parameter_that_mattered(served: tuple[Api, str, str]) -> None:
    (bars,) = figures.importances(served[0], served[1]).data
    shares = dict(zip(bars.y, bars.x, strict=True))
    assert set(shares) == {"depth", "lr", "model.kind"} and min(shares, key=shares.__getitem__) == "depth"
    assert bars.y[-1] == max(shares, key=shares.__getitem__)


def test_slices_have_a_chart_for_each_parameter(served: tuple[Api, str, str]) -> None:
    figure = figures.slices(served[0], served[1])
    assert [trace.name for trace in figure.data] == ["depth", "lr", "model.kind"]
    layout = drawn(figure)["layout"]
    assert [layout[axis]["type"] for axis in ("xaxis", "xaxis2", "xaxis3")] == ["linear", "log", "category"]


def test_a_sweep_without_results_is_an_error(served: tuple[Api, str, str]) -> None:
    for draw in (figures.history, figures.parallel, figures.importances, figures.slices):
        with pytest.raises(UsageError, match="has ended with a value"):
            draw(served[0], served[2])

"""Sweeps with n finished trials and 100 agents: what a lease, an end and a report cost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from sqlalchemy import insert

from benchmarks.growth_laws.bench import Bench
from benchmarks.store import BEGAN
from lightning_sweeps import messages as m
from lightning_sweeps.journal import records
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.store import schema
from lightning_sweeps.store.database import Store
from lightning_sweeps.sweeps.definition import SweepDefinition, define_sweep
from lightning_sweeps.system.node import Process

AGENTS = 100
REPORTS = 4
BANDS = (1, 2, 4)
AT_ONCE = 1000
CONTINUOUS: dict[str, Any] = {f"p{number}": {"min": 0.0, "max": 1.0} for number in range(6)}
FINITE: dict[str, Any] = {f"p{number}": {"values": list(range(10))} for number in range(6)}


def sweep_of(method: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the configuration of a sweep."""
    metric = {"name": "loss", "goal": "minimize"}
    return {"program": "train.py", "method": method, "metric": metric, "parameters": parameters} | more


def grid(bench: Bench, trials: int) -> dict[str, float]:
    """Measure leases of a grid."""
    return _turns(bench, sweep_of("grid", FINITE), trials)


def random_finite(bench: Bench, trials: int) -> dict[str, float]:
    """Measure leases of random search in a space with a million points."""
    return _turns(bench, sweep_of("random", FINITE), trials)


def random_continuous(bench: Bench, trials: int) -> dict[str, float]:
    """Measure leases of random search in a continuous space."""
    return _turns(bench, sweep_of("random", CONTINUOUS), trials)


def asha_by_step(bench: Bench, trials: int) -> dict[str, float]:
    """Measure reports that are judged by the trial's step."""
    rule = {"type": "asha", "resource": "step", "min": 1, "eta": 2}
    return _reports(bench, sweep_of("random", CONTINUOUS, early_terminate=rule), trials)


def median(bench: Bench, trials: int) -> dict[str, float]:
    """Measure reports that are compared with the median of all trials."""
    return _reports(bench, sweep_of("random", CONTINUOUS, early_terminate={"type": "median"}), trials)


def _turns(bench: Bench, config: dict[str, Any], trials: int) -> dict[str, float]:
    """Measure the lease and the end of a trial, while the other agents hold theirs."""
    sweep, agents = _begin(bench, config, trials)
    held: list[str] = []

    def lease() -> None:
        trial = bench.client.lease(agents[0], wait_s=10).trial
        assert trial is not None
        held.append(trial.id)

    def end() -> None:
        bench.client.end_trial(agents[0], held[-1], m.TrialEnd("finished", 0))

    for agent in agents[1:]:
        bench.client.lease(agent, wait_s=10)
    taken = bench.cost_ms(lease, lambda: bench.client.start_trial(agents[0], held[-1]), end)
    sizes = bench.cost_ms(lambda: bench.client.sweep(sweep))
    return {"lease": taken[0], "end": taken[2], "GET sweep": sizes[0]}


def _reports(bench: Bench, config: dict[str, Any], trials: int) -> dict[str, float]:
    """Measure reports of new trials at steps that the others have reached."""
    _, agents = _begin(bench, config, trials)
    parts = _reports_of_new_trials(bench, agents[0])
    waiting: list[tuple[str, int, bytes]] = []

    def report() -> None:
        bench.client.send_journal(*waiting.pop())

    taken = bench.cost_ms(lambda: waiting.append(next(parts)), report)
    return {"report": taken[1]}


def _reports_of_new_trials(bench: Bench, agent: str) -> Iterator[tuple[str, int, bytes]]:
    """Yield parts of journals with one report each, of trials that are the best ones."""
    process = Process(pid=1, started=BEGAN, node="node", host="host")
    for number in count(1):
        trial = bench.client.lease(agent, wait_s=10).trial
        assert trial is not None
        bench.client.start_trial(agent, trial.id)
        name, sent = f"growth-{number}", 0
        run = records.RunInfo(f"run-{name}", "bench", name, "group", trial=trial.id, attempt=1)
        for step in range(1, REPORTS + 1):
            head = PREAMBLE + encode(records.Header(name, BEGAN, process, run=run)) if step == 1 else b""
            data = head + encode(records.Metrics(step, step, BEGAN + step, {"loss": -float(number)}))
            yield name, sent, data
            sent += len(data)
        bench.client.end_trial(agent, trial.id, m.TrialEnd("finished", 0))


def _begin(bench: Bench, config: dict[str, Any], trials: int) -> tuple[str, list[str]]:
    sweep = bench.client.create_sweep(m.SweepCreate(config)).id
    with bench.store() as store:
        add_history(store, sweep, config, trials=trials)
    bench.settle()
    node = [m.AgentRegister("host", "node", 1, slot, ["0"]) for slot in range(AGENTS)]
    return sweep, [bench.client.register_agent(sweep, one).agent.id for one in node]


def add_history(store: Store, sweep: str, config: dict[str, Any], *, trials: int) -> None:
    """Write finished trials with the first points that the sweep's method chooses, and their reports."""
    definition = define_sweep(config)
    same = {"sweep_id": sweep, "state": "finished", "attempt": 1, "reason": "", "stderr_tail": "", "exit_code": 0}
    for start in range(1, trials + 1, AT_ONCE):
        rows, reports, at_bands = [], [], []
        for number in range(start, min(start + AT_ONCE, trials + 1)):
            trial, value = f"{sweep}-{number}", float(number)
            times = {"created": BEGAN + number, "started": BEGAN + number, "ended": BEGAN + number + 60}
            bands = {str(step): value for step in BANDS}
            judged = {"bands": list(BANDS), "nonfinite": 0, "attempt": 1, "rungs": bands, "position": float(REPORTS)}
            objective = {"objective": value, "last_objective": value, "judged": judged, "reports": REPORTS}
            origin = {"chosen_by": "method", "end_number": number, "params": _point(definition, number)}
            rows.append(same | times | objective | origin | {"id": trial, "number": number})
            reports += [
                {"trial_id": trial, "number": at, "step": at, "time": BEGAN + at, "value": value, "sweep_id": sweep}
                for at in range(1, REPORTS + 1)
            ]
            at_bands += [{"trial_id": trial, "sweep_id": sweep, "band": at, "value": value} for at in BANDS]
        with store.write() as connection:
            connection.execute(insert(schema.trial), rows)
            connection.execute(insert(schema.report), reports)
            connection.execute(insert(schema.band_value), at_bands)


def _point(definition: SweepDefinition, number: int) -> dict[str, Any]:
    space = definition.space
    if definition.method.is_exhaustive:
        return space.at(number - 1)
    point = definition.method.suggest(space, [], number=number, seed=0)
    assert point is not None
    return point

"""Measures the search methods: `python -m benchmarks.search --engines ours:bayes optuna:gp --seeds 10`, then `--table`.

Each search has 50 trials, sequential (`seq`) or with 4 parallel workers (`par4`). With workers, a free worker gets the
next point while the others run, and results arrive out of order. Durations are lognormal and the same for every engine.
Each search is one line of the results file, so an interrupted benchmark resumes.

The table shows the normalized regret (best value found - optimum) / (median random value - optimum), its median over
the seeds, times 1000; and the average rank over all problems and seeds that every engine of the table has.
"""

from __future__ import annotations

import argparse
import heapq
import json
import time
from collections import defaultdict
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any

from benchmarks.search_engines import make
from benchmarks.search_problems import LATTICES, PROBLEMS, Problem
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.space import Space

Row = dict[str, Any]
Key = tuple[str, str, str, int]

TRIALS = 50
WORKERS = {"seq": 1, "par4": 4}
SPREAD = 0.5
"""Standard deviation of the logarithm of a trial's duration."""


def simulate(engine_name: str, problem: Problem, mode: str, seed: int) -> Row:
    """Run one search. Return its values in the order of their arrival, and the time of a suggestion."""
    engine = make(engine_name, problem, seed)
    durations = Random(f"{problem.name}:{seed}")
    flying: list[tuple[float, int, float]] = []
    values: list[float] = []
    asks: list[float] = []
    now = 0.0
    for number in range(1, TRIALS + 1):
        if len(flying) == WORKERS[mode]:
            now, ended, value = heapq.heappop(flying)
            engine.tell(ended, value)
            values.append(value)
        start = time.perf_counter()
        params = engine.ask(number)
        asks.append(time.perf_counter() - start)
        heapq.heappush(flying, (now + durations.lognormvariate(0, SPREAD), number, problem.evaluate(params)))
    values += [value for _, _, value in sorted(flying)]
    key = {"engine": engine_name, "problem": problem.name, "mode": mode, "seed": seed}
    return key | {"values": values, "ask_ms": 1000 * median(asks[-10:])}


def run(engines: list[str], problems: list[str], modes: list[str], seeds: range, path: Path) -> None:
    """Run the searches that are not in the results file."""
    done = {_key(row) for row in _read(path)}
    for seed in seeds:
        for problem in chosen(problems):
            for mode in modes:
                for engine in engines:
                    if (engine, problem.name, mode, seed) not in done:
                        row = simulate(engine, problem, mode, seed)
                        with path.open("a") as file:
                            file.write(json.dumps(row) + "\n")


def chosen(names: list[str]) -> list[Problem]:
    """Return the problems with these names, in the order of `PROBLEMS`."""
    return [problem for problem in (*PROBLEMS, *LATTICES) if problem.name in names]


def table(path: Path, engines: list[str] | None, problems: list[str], seeds: range | None = None) -> str:
    """Return the results of some problems as Markdown."""
    every = [row for row in _read(path) if row["problem"] in problems]
    rows = [row for row in every if engines is None or row["engine"] in engines]
    rows = [row for row in rows if seeds is None or row["seed"] in seeds]
    names = engines or list(dict.fromkeys(row["engine"] for row in rows))
    scales = {problem.name: _scale(problem, every) for problem in chosen(problems)}
    heads = ["engine", *scales, "rank @25", "rank @50", "searches", "ask ms"]
    lines = []
    for mode in WORKERS:
        by_key = {_key(row): row for row in rows if row["mode"] == mode}
        lines += [f"**{mode}**", "", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
        ranks = {count: _ranks(by_key, names, count) for count in (25, 50)}
        for name in names:
            mine = [row for row in by_key.values() if row["engine"] == name]
            cells = [_regret([row for row in mine if row["problem"] == problem], scales[problem]) for problem in scales]
            places = [f"{mean(ranks[count][name]):.2f}" if ranks[count][name] else "-" for count in (25, 50)]
            asked = f"{median(row['ask_ms'] for row in mine):.3g}" if mine else "-"
            lines.append("| " + " | ".join([name, *cells, *places, str(len(ranks[50][name])), asked]) + " |")
        lines.append("")
    return "\n".join(lines)


def _regret(rows: list[Row], scale: tuple[float, float]) -> str:
    regrets = [1000 * (min(row["values"]) - scale[0]) / scale[1] for row in rows]
    return f"{median(regrets):.3g} ({len(regrets)})" if regrets else "-"


def _ranks(by_key: dict[Key, Row], names: list[str], count: int) -> dict[str, list[float]]:
    """Return each engine's ranks after `count` trials in the searches that all engines have done."""
    ranks: dict[str, list[float]] = defaultdict(list)
    for _, problem, mode, seed in [key for key in by_key if key[0] == names[0]]:
        keys = [(name, problem, mode, seed) for name in names]
        if not all(key in by_key for key in keys):
            continue
        bests = [min(by_key[key]["values"][:count]) for key in keys]
        for name, best in zip(names, bests, strict=True):
            ranks[name].append(1 + sum(other < best for other in bests) + (bests.count(best) - 1) / 2)
    return ranks


def _scale(problem: Problem, rows: list[Row]) -> tuple[float, float]:
    """Return the optimum (or the best value ever seen), and its distance to the median random value."""
    space = Space.of(validate({"method": "random", "parameters": problem.parameters}).config.parameters)
    rng = Random(0)
    middle = median(problem.evaluate(space.sample(rng)) for _ in range(101))
    seen = min((min(row["values"]) for row in rows if row["problem"] == problem.name), default=middle)
    best = problem.best if problem.best is not None else seen
    return best, middle - best


def _key(row: Row) -> Key:
    return row["engine"], row["problem"], row["mode"], row["seed"]


def _read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", nargs="+")
    parser.add_argument("--problems", nargs="+", default=[problem.name for problem in PROBLEMS])
    parser.add_argument("--lattices", action="store_true", help="the problems without a real number instead")
    parser.add_argument("--modes", nargs="+", default=list(WORKERS), choices=list(WORKERS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=Path(".bench/search-results.jsonl"))
    parser.add_argument("--table", action="store_true", help="only print the table")
    given = parser.parse_args()
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    problems = [problem.name for problem in LATTICES] if given.lattices else given.problems
    if not given.table:
        given.results.parent.mkdir(parents=True, exist_ok=True)
        run(given.engines or ["ours:random", "ours:bayes"], problems, given.modes, seeds, given.results)
    print(table(given.results, given.engines, problems, seeds))


if __name__ == "__main__":
    main()

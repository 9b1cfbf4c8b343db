"""Translates the parts of W&B's format that describe a search outside of its server: `scheduler`, and `metrics` of one.

The result has only keys of `SweepConfig`. docs/sweep-file.md has a table of all translations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.sweeps.fields import closest, shown
from lightning_sweeps.sweeps.methods import METHODS
from lightning_sweeps.sweeps.yaml12 import Path

CUSTOM = "custom"
"""W&B's `method` for a search that its engine or a job defines. A package may register a method of this name."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine of W&B's `scheduler`.

    Attributes:
        single: our method that searches like the engine does by default; None: the file names the method.
        several: the same for several metrics.
    """

    single: str | None = None
    several: str | None = None


ENGINES = {"wandb": Engine(), "optuna": Engine("tpe", "nsga2"), "ax": Engine("bayes", "nsga2")}

LAUNCH = Engine("tpe", "nsga2")
"""The search of a `scheduler` of W&B Launch: its jobs other than W&B's own are Optuna's samplers."""

ENGINE_KEYS = ("source", "optimizer", "search_space")

LAUNCH_KEYS = ("job", "num_workers", "resource", "resource_args", "settings", "name", "docker_image")
"""Keys of a `scheduler` of W&B Launch, which describe the job that runs it."""


@dataclass(slots=True)
class Translation:
    """A sweep file in our keys.

    Attributes:
        raw: the file as a map.
        warnings: what is done differently.
        faults: path and message of what cannot be translated.
    """

    raw: dict[str, Any]
    warnings: list[str]
    faults: list[tuple[Path, str]]


def translate(given: dict[str, Any]) -> Translation:
    """Return a sweep file with `method`, `metric` and `metrics` in place of `scheduler`."""
    result = Translation(dict(given), [], [])
    metrics = result.raw.get("metrics")
    if isinstance(metrics, list) and len(metrics) == 1 and result.raw.get("metric") is None:
        result.raw["metric"] = metrics[0]
        del result.raw["metrics"]
    if "scheduler" in given:
        _translate_scheduler(result, result.raw.pop("scheduler"))
    if result.raw.get("method") == CUSTOM and CUSTOM not in METHODS and not result.faults:
        result.faults.append((("method",), _custom_fault()))
    return result


def _translate_scheduler(result: Translation, scheduler: object) -> None:
    raw = result.raw
    if not isinstance(scheduler, dict) or not scheduler:
        result.faults.append((("scheduler",), f"is {shown(scheduler)}, allowed: a map with an `engine`"))
        return
    result.faults += _faults(scheduler, has_parameters="parameters" in raw)
    if result.faults:
        _complete(raw)
        return
    if raw.get("method") in (None, CUSTOM) and CUSTOM not in METHODS:
        method = _method(scheduler, is_multi_objective=bool(raw.get("metrics")))
        raw |= {} if method is None else {"method": method}
    result.warnings += _warnings(scheduler, raw.get("method"))


def _method(scheduler: dict[str, Any], *, is_multi_objective: bool) -> object:
    """Return our method for a scheduler; None if only the file's `method` tells it."""
    settings = scheduler.get("settings")
    stated = settings.get("method") if isinstance(settings, dict) else None
    engine = ENGINES[scheduler["engine"]] if "engine" in scheduler else LAUNCH
    return stated or (engine.several if is_multi_objective else engine.single)


def _complete(raw: dict[str, Any]) -> None:
    """Fill in what a wrong `scheduler` would have given, so that the file has no other faults because of it."""
    raw.setdefault("parameters", {"x": {"value": 0}})
    if raw.get("method") in (None, CUSTOM):
        raw["method"] = "random"


def _faults(scheduler: dict[str, Any], *, has_parameters: bool) -> Iterator[tuple[Path, str]]:
    keys = ["engine", *(ENGINE_KEYS if "engine" in scheduler else LAUNCH_KEYS)]
    for key in map(str, scheduler):
        if key not in keys:
            allowed = ", ".join(["engine", *ENGINE_KEYS])
            yield ("scheduler", key), f"is not a key of `scheduler`, allowed: {allowed}{closest(key, keys)}"
    engine = scheduler.get("engine", "wandb")
    if engine not in ENGINES:
        yield ("scheduler", "engine"), f"is {shown(engine)}, allowed: {', '.join(ENGINES)}"
    if has_parameters:
        return
    if "engine" not in scheduler:
        yield (
            ("parameters",),
            "is missing, and no job of `scheduler` runs to define the space; write it as `parameters`",
        )
    if scheduler.get("search_space"):
        message = (
            f"is the function `{scheduler['search_space']}`, and the server runs no code of a sweep file; write the"
            " space as `parameters`, with `when` for parameters that depend on others"
        )
        yield ("scheduler", "search_space"), message


def _warnings(scheduler: dict[str, Any], method: object) -> Iterator[str]:
    if "engine" not in scheduler:
        yield f"the job in `scheduler` does not run: the server runs the search, `method: {method}`, and agents trials"
    if scheduler.get("optimizer"):
        called = f"the function `{scheduler['optimizer']}` in `scheduler.optimizer` is not called"
        yield (
            f"{called}: the sweep runs `method: {method}`; choose the search with `method`, and write what the function"
            " stops as `early_terminate`, `run_cap` and `metric.target`"
        )
    if scheduler.get("search_space"):
        called = f"the function `{scheduler['search_space']}` in `scheduler.search_space` is not called"
        yield f"{called}: the sweep searches `parameters`"


def _custom_fault() -> str:
    names = ", ".join(METHODS.names())
    return (
        f"is `custom`, allowed: {names}; for a search of your own, install a package that registers it as a method"
        " (`lightning-sweeps docs extending`), also under the name `custom`"
    )

"""Tuning problems that need no network: formulas, and three models trained on scikit-learn's bundled data.

Each problem has the `parameters` of a sweep file and a function to minimize.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.svm import SVC

Array = NDArray[Any]
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A tuning problem. `best`: the minimum of `evaluate`; None if it is not known."""

    name: str
    parameters: dict[str, Any]
    evaluate: Callable[[Params], float]
    best: float | None


def _uniform(low: float, high: float) -> dict[str, Any]:
    return {"distribution": "uniform", "min": float(low), "max": float(high)}


def _log(low: float, high: float) -> dict[str, Any]:
    return {"distribution": "log_uniform_values", "min": low, "max": high}


def _int(low: int, high: int) -> dict[str, Any]:
    return {"distribution": "int_uniform", "min": low, "max": high}


def _steps(low: float, high: float, q: float) -> dict[str, Any]:
    return {"distribution": "q_uniform", "min": low, "max": high, "q": q}


def _log_steps(low: float, high: float, q: float) -> dict[str, Any]:
    return {"distribution": "q_log_uniform_values", "min": low, "max": high, "q": q}


def branin(p: Params) -> float:
    x, y = p["x0"], p["x1"]
    bent = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return float(bent**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


_HARTMANN_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
_HARTMANN_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(p: Params) -> float:
    x = np.array([p[f"x{i}"] for i in range(6)])
    return float(-np.array([1, 1.2, 3, 3.2]) @ np.exp(-(_HARTMANN_A * (x - _HARTMANN_P) ** 2).sum(1)))


def levy10(p: Params) -> float:
    w = 1 + (np.array([p[f"x{i}"] for i in range(10)]) - 1) / 4
    middle = ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)).sum()
    return float(np.sin(math.pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + np.sin(2 * math.pi * w[-1]) ** 2))


def ackley_mixed(p: Params) -> float:
    """Return Ackley's function of three reals, two integers and a category. Its optimum is not in the middle."""
    shift = {"a": 2.0, "b": -1.0, "c": 0.0, "d": 3.0, "e": -2.0}[p["kind"]]
    x = np.array([p["x0"] - 0.7, p["x1"] + 1.3, p["x2"] - 2.1, p["i0"] - 3, p["i1"] + 2, shift])
    root = -20 * math.exp(-0.2 * math.sqrt((x**2).mean()))
    return float(root - math.exp(np.cos(2 * math.pi * x).mean()) + 20 + math.e)


def dlsim(p: Params) -> float:
    """Return a loss like that of a deep network: the best rate depends on optimizer and width; higher ones diverge."""
    best_rate = {"sgd": -1.0, "adam": -2.8, "rmsprop": -3.2}[p["optimizer"]] - 0.35 * math.log2(p["width"] / 64) / 2
    over = math.log10(p["lr"]) - best_rate
    if over > 0.9:
        return 10.0 * (1 + over) ** 4  # diverged: the loss of its last step
    loss = 0.25 * over**2 * (2.0 if over > 0 else 1.0)
    loss += {"sgd": 0.03, "adam": 0.0, "rmsprop": 0.02}[p["optimizer"]]
    loss += 0.04 * (math.log2(p["width"] / 256)) ** 2 / 4 + 0.015 * (p["depth"] - 4) ** 2
    loss += 0.6 * (p["dropout"] - 0.2) ** 2 + 0.01 * (math.log10(p["weight_decay"]) + 4) ** 2
    return float(loss + (0.02 if not p["warmup"] else 0.0))


def log_lattice(p: Params) -> float:
    """A bent valley over whole numbers, steps of a logarithmic range and an ordered list; the lowest value is 0."""
    batch, warmup, width = math.log2(p["batch"] / 96), (p["warmup"] - 3200) / 800, math.log2(p["width"] / 128)
    return float((batch - 0.4 * width) ** 2 + 0.5 * (warmup - batch) ** 2 + 0.3 * width**2)


@cache
def _digits() -> tuple[Array, Array, Array, Array]:
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    x, y = data.data[order] / 16.0, data.target[order]
    return x[:500], y[:500], x[500:1300], y[500:1300]


def svm_digits(p: Params) -> float:
    x, y, x_valid, y_valid = _digits()
    machine = SVC(C=p["C"], gamma=p["gamma"], kernel=p["kernel"], degree=p["degree"], coef0=p["coef0"], max_iter=3000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(1 - machine.fit(x[:300], y[:300]).score(x_valid[:500], y_valid[:500]))


@cache
def _diabetes() -> tuple[Array, Array, Array, Array]:
    data = load_diabetes()
    order = np.random.default_rng(0).permutation(len(data.target))
    x, y = data.data[order], (data.target[order] - data.target.mean()) / data.target.std()
    return x[:300], y[:300], x[300:], y[300:]


def gbm_diabetes(p: Params) -> float:
    x, y, x_valid, y_valid = _diabetes()
    model = GradientBoostingRegressor(
        learning_rate=p["learning_rate"],
        n_estimators=p["n_estimators"],
        max_depth=p["max_depth"],
        subsample=p["subsample"],
        min_samples_leaf=p["min_samples_leaf"],
        max_features=p["max_features"],
        loss=p["loss"],
        random_state=0,
    ).fit(x, y)
    return float(((model.predict(x_valid) - y_valid) ** 2).mean())


def mlp_digits(p: Params) -> float:
    """Return the validation loss of a small network after 8 epochs, at most 20."""
    return mlp_curve(p, epochs=8)[-1]


def mlp_curve(p: Params, *, epochs: int) -> list[float]:
    """Train a network in numpy and return its validation loss after each epoch."""
    x, y, x_valid, y_valid = _digits()
    rng = np.random.default_rng(0)
    sizes = [64, *[p["width"]] * p["depth"], 10]
    layers = [(rng.normal(0, p["init"] / math.sqrt(a), (a, b)), np.zeros(b)) for a, b in pairwise(sizes)]
    state = [[np.zeros_like(part) for part in layer] for layer in layers]
    square = [[np.zeros_like(part) for part in layer] for layer in layers]
    curve, step = [], 0
    steps = epochs * (len(y) // p["batch"])
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            order = rng.permutation(len(y))
            for start in range(0, len(y) - p["batch"] + 1, p["batch"]):
                step += 1
                rows = order[start : start + p["batch"]]
                rate = p["lr"] * 0.5 * (1 + math.cos(math.pi * step / (steps + 1)))
                layers = _step(layers, state, square, x[rows], y[rows], p, rate, step)
            loss = _loss(layers, x_valid, y_valid, p["activation"])
            curve.append(min(loss, 20.0) if math.isfinite(loss) else 20.0)
    return curve


Layers = list[tuple[Array, Array]]


def _forward(layers: Layers, x: Array, activation: str) -> list[Array]:
    values = [x]
    for weight, bias in layers[:-1]:
        z = values[-1] @ weight + bias
        values.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))
    weight, bias = layers[-1]
    z = values[-1] @ weight + bias
    z = np.exp(z - z.max(1, keepdims=True))
    return [*values, z / z.sum(1, keepdims=True)]


def _loss(layers: Layers, x: Array, y: Array, activation: str) -> float:
    return float(-np.log(_forward(layers, x, activation)[-1][np.arange(len(y)), y] + 1e-12).mean())


def _step(layers: Layers, state: Any, square: Any, x: Array, y: Array, p: Params, rate: float, step: int) -> Layers:
    values = _forward(layers, x, p["activation"])
    delta = values[-1].copy()
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    changed: Layers = list(layers)
    for index in range(len(layers) - 1, -1, -1):
        weight, bias = layers[index]
        gradients = (values[index].T @ delta + p["weight_decay"] * weight, delta.sum(0))
        if index:
            slope = 1 - values[index] ** 2 if p["activation"] == "tanh" else (values[index] > 0)
            delta = (delta @ weight.T) * slope
        new = []
        for part, gradient, number in zip((weight, bias), gradients, (0, 1), strict=True):
            momentum = state[index][number] = p["momentum"] * state[index][number] + gradient
            if p["optimizer"] == "adam":
                square[index][number] = 0.99 * square[index][number] + 0.01 * gradient**2
                scale = np.sqrt(square[index][number] / (1 - 0.99**step)) + 1e-8
                momentum = momentum * (1 - p["momentum"]) / scale
            new.append(part - rate * momentum)
        changed[index] = (new[0], new[1])
    return changed


PROBLEMS = [
    Problem("branin", {"x0": _uniform(-5, 10), "x1": _uniform(0, 15)}, branin, 0.39788735772973816),
    Problem("hartmann6", {f"x{i}": _uniform(0, 1) for i in range(6)}, hartmann6, -3.322368011415515),
    Problem("levy10", {f"x{i}": _uniform(-10, 10) for i in range(10)}, levy10, 0.0),
    Problem(
        "ackley_mixed",
        {f"x{i}": _uniform(-5, 5) for i in range(3)}
        | {"i0": _int(-5, 5), "i1": _int(-5, 5), "kind": {"values": ["a", "b", "c", "d", "e"]}},
        ackley_mixed,
        0.0,
    ),
    Problem(
        "dlsim",
        {
            "lr": _log(1e-6, 1.0),
            "optimizer": {"values": ["sgd", "adam", "rmsprop"]},
            "width": {"values": [16, 32, 64, 128, 256, 512, 1024]},
            "depth": _int(1, 8),
            "dropout": _uniform(0, 0.7),
            "weight_decay": _log(1e-7, 1e-1),
            "warmup": {"values": [True, False]},
        },
        dlsim,
        0.0,
    ),
    Problem(
        "svm_digits",
        {
            "C": _log(1e-3, 1e3),
            "gamma": _log(1e-4, 1e1),
            "kernel": {"values": ["rbf", "poly", "sigmoid"]},
            "degree": _int(2, 5),
            "coef0": _uniform(-1, 1),
        },
        svm_digits,
        None,
    ),
    Problem(
        "gbm_diabetes",
        {
            "learning_rate": _log(1e-3, 1.0),
            "n_estimators": _int(10, 80),
            "max_depth": _int(1, 6),
            "subsample": _uniform(0.3, 1),
            "min_samples_leaf": _int(1, 40),
            "max_features": _uniform(0.1, 1),
            "loss": {"values": ["squared_error", "absolute_error", "huber"]},
        },
        gbm_diabetes,
        None,
    ),
    Problem(
        "mlp_digits",
        {
            "lr": _log(1e-4, 3.0),
            "momentum": _uniform(0, 0.98),
            "optimizer": {"values": ["sgd", "adam"]},
            "batch": {"values": [16, 32, 64, 128]},
            "width": _int(8, 96),
            "depth": _int(1, 2),
            "activation": {"values": ["relu", "tanh"]},
            "weight_decay": _log(1e-6, 1e-1),
            "init": _log(0.1, 4.0),
        },
        mlp_digits,
        None,
    ),
]

LATTICES = [
    Problem("levy_int", {f"x{i}": _int(-10, 10) for i in range(10)}, levy10, 0.0),
    Problem("branin_q", {"x0": _steps(-5, 10, 0.25), "x1": _steps(0, 15, 0.25)}, branin, 0.4265758895288645),
    Problem(
        "hartmann_lists", {f"x{i}": {"values": [step / 20 for step in range(21)]} for i in range(6)}, hartmann6, None
    ),
    Problem(
        "log_lattice",
        {
            "batch": _log_steps(16, 512, 16),
            "warmup": _int(0, 5000),
            "width": {"values": [16, 32, 64, 128, 256, 512, 1024]},
        },
        log_lattice,
        None,
    ),
    Problem(
        "ackley_lattice",
        {f"x{i}": _steps(-5, 5, 0.1) for i in range(3)}
        | {"i0": _int(-5, 5), "i1": _int(-5, 5), "kind": {"values": ["a", "b", "c", "d", "e"]}},
        ackley_mixed,
        0.0,
    ),
]
"""Spaces without a real number: whole numbers, steps, ordered lists, steps of a logarithmic range, and mixed ones."""

"""Checks that concern several keys of a sweep file.

Each check reads the raw map, so that all errors of a file are reported at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from graphlib import CycleError
from typing import Any

from lightning_sweeps.core import macros
from lightning_sweeps.core.program_command import ranks_problem
from lightning_sweeps.errors import Fault, UsageError
from lightning_sweeps.sweeps.distributions import GRID_DISTRIBUTIONS, exponents_of, form_of, walk_parameters
from lightning_sweeps.sweeps.expression import Expression, ExpressionError, parse
from lightning_sweeps.sweeps.fields import closest
from lightning_sweeps.sweeps.methods import METHODS, Method
from lightning_sweeps.sweeps.metric_names import usual_goal
from lightning_sweeps.sweeps.restrictions import Condition, in_order
from lightning_sweeps.sweeps.yaml12 import Document, Path, dotted

PARAMETER_NAME = re.compile(r"[^\s\x00-\x1f\x7f=${}'\"`\\]+")
"""Programs have arguments such as Hydra's `+gpu` and `model/encoder`: only what would break a word is not allowed."""
PARAMETER_NAME_TEXT = "any characters except blanks, quotes, `=`, `$`, `{`, `}` and `\\`"


def check_keys(raw: dict[str, Any], document: Document) -> list[Fault]:
    """Return every error that concerns more than one key."""
    return [
        Fault(document.line(path), dotted(path), message)
        for check in (
            *(_check_metric, _check_names, _check_grid, _check_conditions),
            *(_check_command, _check_ranks, _check_limits, _check_repeats),
        )
        for path, message in check(raw)
    ]


def warnings(raw: dict[str, Any]) -> list[str]:
    """Return a warning for each key that is allowed but probably a mistake."""
    found = []
    for path, _, leaf in walk_parameters(raw.get("parameters")):
        form = form_of(leaf)
        if form in ("log_uniform", "inv_log_uniform", "q_log_uniform"):
            low, high = map(math.exp, exponents_of(form, leaf["min"], leaf["max"]))
            found.append(
                f"`{dotted(path)}`: `{form}` takes exponents of e, so this searches from {low:.6g} to {high:.6g};"
                f" `{form}_values` takes the values themselves"
            )
        if form == "int_uniform" and "distribution" not in leaf and leaf["max"] - leaf["min"] == 1:
            found.append(
                f"`{dotted(path)}`: between two whole numbers only {leaf['min']} and {leaf['max']} are tried;"
                f" write {leaf['min']}.0 and {leaf['max']}.0 for real numbers"
            )
    return [*found, *_misspelt_macros(raw), *_doubtful_goals(raw)]


def _method_of(raw: dict[str, Any]) -> type[Method] | None:
    """Return the sweep's method; None if it is missing or unknown, which another check reports."""
    return _load(str(raw.get("method")))


def _load(name: str) -> type[Method] | None:
    try:
        return METHODS.get(name)
    except UsageError:
        return None


def _check_metric(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    method = _method_of(raw)
    if raw.get("metrics") is not None:
        if raw.get("metric") is not None:
            yield ("metrics",), "is given together with `metric`, allowed: one of the two"
        if method is not None and not method.is_multi_objective:
            capable = [name for name in METHODS.names() if (other := _load(name)) and other.is_multi_objective]
            allowed = ", ".join(sorted(capable))
            yield ("metrics",), f"cannot be used with the method `{raw['method']}`, allowed: {allowed}; or one `metric`"
        return
    if raw.get("metric") is not None:
        return
    if method is not None and method.needs_metric:
        yield ("metric",), f"is missing, and the method `{raw['method']}` needs it: set `metric` with a `name`"
    if raw.get("early_terminate") is not None:
        yield ("early_terminate",), "needs `metric` with a `name`: trials are compared by it"


def _check_limits(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Check that what ends the search can be measured."""
    budget, stop_when = raw.get("budget"), raw.get("stop_when")
    if isinstance(budget, dict) and budget.get("cost") is not None and budget.get("cost_per_gpu_hour") is None:
        yield ("budget", "cost"), "needs `cost_per_gpu_hour`, the price of one GPU hour"
    if not isinstance(stop_when, dict):
        return
    if raw.get("metric") is None and raw.get("metrics") is None:
        yield ("stop_when",), "needs `metric` with a `name`: values are compared by it"
    method = _method_of(raw)
    if stop_when.get("expected_improvement") is not None and method is not None and not method.estimates_improvement:
        capable = sorted(name for name in METHODS.names() if (other := _load(name)) and other.estimates_improvement)
        yield (
            ("stop_when", "expected_improvement"),
            f"needs a method whose model estimates it; `{raw['method']}` has none, allowed: {', '.join(capable)}",
        )


def _check_repeats(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    repeats = raw.get("repeats")
    if not isinstance(repeats, dict):
        return
    count, most, seed = repeats.get("count", 1), repeats.get("max"), repeats.get("seed")
    if isinstance(most, int) and isinstance(count, int):
        if most < count or count < 2:
            yield ("repeats", "max"), f"is {most} with `count` {count}, allowed: at least `count`, which is 2 or more"
        if repeats.get("judge", "mean") != "mean":
            yield ("repeats", "max"), f"needs `judge: mean`, not `{repeats['judge']}`: means have a standard error"
        if raw.get("metric") is None and raw.get("metrics") is None:
            yield ("repeats", "max"), "needs `metric` with a `name`: points are compared by it"
    if not isinstance(seed, str):
        return
    if not PARAMETER_NAME.fullmatch(seed):
        yield ("repeats", "seed"), f"is `{seed}`, allowed: {PARAMETER_NAME_TEXT}"
    if seed in _macro_names({"parameters": raw.get("parameters")}):
        yield ("repeats", "seed"), f"is `{seed}`, which is a parameter; remove it from `parameters`"


def _check_names(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    yield from _bad_names(raw.get("parameters"), ("parameters",))
    seen: dict[str, Path] = {}
    for path, names, _ in walk_parameters(raw.get("parameters")):
        name = ".".join(names)
        if name in seen:
            yield path, f"has the dotted name `{name}`, like `{dotted(seen[name])}`; rename one of them"
        seen[name] = path


def _bad_names(parameters: object, path: Path) -> Iterator[tuple[Path, str]]:
    if not isinstance(parameters, dict):
        return
    for name, leaf in parameters.items():
        if not isinstance(name, str) or not PARAMETER_NAME.fullmatch(name):
            yield (*path, str(name)), f"is not a valid parameter name, allowed: {PARAMETER_NAME_TEXT}"
        if form_of(leaf) == "nested":
            yield from _bad_names(leaf["parameters"], (*path, name, "parameters"))


def _check_grid(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    method = _method_of(raw)
    if method is None or not method.is_exhaustive:
        return
    for path, _, leaf in walk_parameters(raw.get("parameters")):
        form = form_of(leaf)
        if form is not None and form not in GRID_DISTRIBUTIONS:
            yield (
                path,
                f"has the distribution `{form}`, which a grid cannot enumerate, allowed: "
                + ", ".join(f"`{name}`" for name in GRID_DISTRIBUTIONS),
            )


def _check_conditions(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Check that conditions name parameters only, and that they contain no cycle."""
    leaves = [(path, names, leaf) for path, names, leaf in walk_parameters(raw.get("parameters"))]
    known = [".".join(names) for _, names, _ in leaves]
    conditions: list[Condition] = []
    for path, names, leaf in leaves:
        when = _expression(leaf.get("when")) if isinstance(leaf, dict) else None
        if when is not None:
            conditions.append(Condition(names, when))
            yield from _unknown_names(when, known, (*path, "when"))
    constraints = raw.get("constraints")
    for position, text in enumerate(constraints if isinstance(constraints, list) else []):
        constraint = _expression(text)
        if constraint is not None:
            yield from _unknown_names(constraint, known, ("constraints", position))
    try:
        in_order(conditions)
    except CycleError as error:
        cycle = " -> ".join(f"`{name}`" for name in error.args[1])
        path = next(path for path, names, _ in leaves if ".".join(names) == error.args[1][0])
        yield (*path, "when"), f"is part of a cycle: {cycle}; a parameter cannot depend on itself"


def _expression(text: object) -> Expression | None:
    """Return the expression; None if it cannot be parsed, which another check reports."""
    try:
        return parse(text) if isinstance(text, str) else None
    except ExpressionError:
        return None


def _unknown_names(expression: Expression, known: list[str], path: Path) -> Iterator[tuple[Path, str]]:
    for name in sorted(expression.names - set(known)):
        yield path, f"names `{name}`, which is not a parameter, allowed: {', '.join(known)}{closest(name, known)}"


def _check_command(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for key in ("command", "args"):
        yield from _check_words(raw, key)
    yield from _check_first_word(raw)
    if raw.get("command") is not None and isinstance(raw.get("args"), list):
        yield ("args",), "is given beside `command`; add its words to `command`"


def _check_words(raw: dict[str, Any], key: str) -> Iterator[tuple[Path, str]]:
    parameters = _macro_names(raw)
    uses_program = False
    for path, token in _words(raw, key):
        if macros.is_unclosed(token):
            yield (
                path,
                f"is `{token}`, in which a macro is not closed; a macro is `${{name}}`, and `$${{` is plain text",
            )
        for name in macros.names_in(token):
            uses_program = uses_program or name == "program"
            if macros.is_macro(name, token, parameters) and (message := _macro_error(name, token, parameters)):
                yield path, message
    if uses_program and raw.get("program") is None:
        yield ("program",), f"is missing, and `{key}` uses `${{program}}`"


def _check_ranks(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    resources = raw.get("resources")
    processes = resources.get("processes") if isinstance(resources, dict) else None
    if not isinstance(raw.get("command"), list) or type(processes) is not int:
        return
    if problem := ranks_problem(raw, processes):
        yield ("resources", "processes"), problem


def _check_first_word(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Check the word that is executed: the first one after `${env}` and the variables that it sets."""
    for position, (path, token) in enumerate(_words(raw)):
        name = macros.whole_name(token)
        if name == "env" or (position and "=" in token and "${" not in token):
            continue
        if name in macros.WHOLE_TOKEN_MACROS:
            yield path, f"is `{token}`, allowed here: a program, for example `${{program}}`"
        elif " " in token.strip():
            words = ", ".join(f'"{word}"' for word in token.split())
            advice = f"no program has that name; write each word as its own: [{words}]"
            yield path, f"is `{token}`, one word with blanks; {advice}"
        return


def _macro_error(name: str, token: str, parameters: list[str]) -> str:
    """Return what is wrong with a macro, or an empty string."""
    if name in macros.WHOLE_TOKEN_MACROS and macros.whole_name(token) is None:
        return (
            f"is `{token}`; `${{{name}}}` expands to any number of words, so it must be a separate word"
            f"; `$${{{name}}}` is plain text"
        )
    if name.startswith(macros.ENVVAR_PREFIX):
        is_valid = macros.ENVVAR_NAME.fullmatch(name.removeprefix(macros.ENVVAR_PREFIX))
        allowed = "`${envvar:NAME}` with the name of an environment variable"
        return "" if is_valid else f"has the macro `${{{name}}}`, allowed: {allowed}"
    if name in macros.KNOWN_MACROS or name in parameters:
        return ""
    known = sorted(macros.KNOWN_MACROS)
    allowed = ", ".join(f"${{{word}}}" for word in [*known, "envvar:NAME"])
    return (
        f"has the unknown macro `${{{name}}}`, allowed: {allowed}, or the name of a parameter"
        f"{closest(name, [*known, *parameters])}; `$${{{name}}}` is plain text"
    )


def _words(raw: dict[str, Any], key: str = "command") -> Iterator[tuple[Path, str]]:
    """Yield each word of `command` or `args` with its path."""
    words = raw.get(key)
    for position, token in enumerate(words if isinstance(words, list) else []):
        if isinstance(token, str):
            yield (key, position), token


def _macro_names(raw: dict[str, Any]) -> list[str]:
    """Return the names that macros may use: of the seed, of each parameter, and of each map of them."""
    parameters, repeats = raw.get("parameters"), raw.get("repeats")
    names = [".".join(path) for _, path, _ in walk_parameters(parameters)]
    names += list(parameters) if isinstance(parameters, dict) else []
    seed = repeats.get("seed") if isinstance(repeats, dict) else None
    return [*dict.fromkeys([*names, *([seed] if isinstance(seed, str) else [])])]


def _misspelt_macros(raw: dict[str, Any]) -> Iterator[str]:
    """Yield a warning for each `${name}` that is left unchanged and is nearly the name of a macro or parameter."""
    parameters = _macro_names(raw)
    for path, token in _words(raw):
        for name in macros.names_in(token):
            meant = closest(name, [*macros.KNOWN_MACROS, *parameters])
            if meant and not macros.is_macro(name, token, parameters):
                yield f"`{dotted(path)}` is `{token}`, and `${{{name}}}` is passed on unchanged{meant}"


def _doubtful_goals(raw: dict[str, Any]) -> Iterator[str]:
    """Yield a warning for each metric whose name says that the other goal is meant."""
    for metric in raw.get("metrics") or [raw.get("metric") or {}]:
        name, goal = metric.get("name", ""), metric.get("goal")
        usual = usual_goal(name)
        if usual is not None and usual != (goal or "minimize"):
            given = f"`goal` is `{goal}`" if goal else "`goal` is missing, which means `minimize`"
            better = "higher" if usual == "maximize" else "lower"
            yield f"{given}, but by its name the metric `{name}` is better when it is {better}; write `goal: {usual}`"

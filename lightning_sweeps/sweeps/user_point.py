"""Checks parameter sets that users supply against a sweep's space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sweeps.dimensions import Dimension, identity
from lightning_sweeps.sweeps.space import Space

ParameterPath = tuple[str, ...]


def check_point(space: Space, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the complete, nested parameter set of a user's input.

    Args:
        space: the sweep's space.
        given: a nested map, or a map with dotted names. Constants may be left out.

    Raises:
        UsageError: a parameter is unknown, missing or switched off, has a value outside the space, or a constraint is
            violated. All problems are listed.
    """
    constants = dict(space.constants)
    left = dict(_flatten(given, {dimension.path for dimension in space.dimensions} | set(constants)))
    values: dict[ParameterPath, Any] = {}
    problems: list[str] = []
    missing: list[Dimension] = []
    for dimension in space.dimensions:
        if dimension.path not in left:
            missing.append(dimension)
            values[dimension.path] = dimension.value(0)  # a placeholder: the other values may switch it off
            continue
        value = left.pop(dimension.path)
        try:
            values[dimension.path] = dimension.accept(value)
        except ValueError as error:
            problems.append(f"`{dimension.name}` is {value!r}, allowed: {error}")
    for path, value in left.items():
        name = ".".join(path)
        if path not in constants:
            problems.append(f"`{name}` is not a parameter of this sweep")
        elif identity(value) != identity(constants[path]):
            problems.append(f"`{name}` is {value!r}, allowed: {constants[path]!r}")
    params = space.assemble(values)
    active = {dimension.path for dimension in space.active(params)}
    problems += [f"`{dimension.name}` is missing" for dimension in missing if dimension.path in active]
    off = values.keys() - active - {dimension.path for dimension in missing}
    problems += [f"`{'.'.join(path)}` is switched off by other parameters: leave it out" for path in sorted(off)]
    problems += [f"it violates `{constraint}`" for constraint in space.restrictions.violated_by(params)]
    if problems:
        raise UsageError(f"this point is not in the space: {'; '.join(problems)}")
    return params


def find_in_space(space: Space, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the point of the space that matches a parameter set of another sweep or run, or None.

    Parameters that the space does not have are ignored. All others must be present, with a value in the space.
    """
    paths = {dimension.path for dimension in space.dimensions}
    known = {".".join(path): value for path, value in _flatten(params, paths) if path in paths}
    try:
        return check_point(space, known)
    except UsageError:
        return None


def keep_point(space: Space, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the point of a changed space that a trial of the same sweep tried, or None if it tried none of its points.

    Unlike in `find_in_space`, a constant of the space must have had the same value. So a value that was searched first
    and is fixed now keeps only the trials with this value.
    """
    paths = {dimension.path for dimension in space.dimensions} | {path for path, _ in space.constants}
    known = {".".join(path): value for path, value in _flatten(params, paths) if path in paths}
    try:
        return check_point(space, known)
    except UsageError:
        return None


def _flatten(
    given: Mapping[str, Any], known: set[ParameterPath], path: ParameterPath = ()
) -> Iterator[tuple[ParameterPath, Any]]:
    """Yield each value with its path. A map that is the value of a known parameter is one value."""
    for name, value in given.items():
        here = (*path, name) if (*path, name) in known else (*path, *name.split("."))
        if isinstance(value, Mapping) and value and here not in known:
            yield from _flatten(value, known, here)
        else:
            yield here, value

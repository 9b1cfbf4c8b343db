"""Checks parameter sets that users supply against a sweep's space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
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
    constants = {".".join(path): value for path, value in space.constants}
    left = dict(_flatten(given, {dimension.name for dimension in space.dimensions} | constants.keys()))
    values: dict[ParameterPath, Any] = {}
    problems: list[str] = []
    missing: list[Dimension] = []
    for dimension in space.dimensions:
        if dimension.name not in left:
            missing.append(dimension)
            values[dimension.path] = dimension.value(0)  # a placeholder: the other values may switch it off
            continue
        value = left.pop(dimension.name)
        try:
            values[dimension.path] = dimension.accept(value)
        except ValueError as error:
            problems.append(f"`{dimension.name}` is {value!r}, allowed: {error}")
    for name, value in left.items():
        if name not in constants:
            problems.append(f"`{name}` is not a parameter of this sweep")
        elif identity(value) != identity(constants[name]):
            problems.append(f"`{name}` is {value!r}, allowed: {constants[name]!r}")
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
    return _point_of(space, params, {dimension.name for dimension in space.dimensions})


def keep_point(space: Space, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the point of a changed space that a trial of the same sweep tried, or None if it tried none of its points.

    Unlike in `find_in_space`, a constant of the space must have had the same value. So a value that was searched first
    and is fixed now keeps only the trials with this value.
    """
    constants = {".".join(path) for path, _ in space.constants}
    return _point_of(space, params, {dimension.name for dimension in space.dimensions} | constants)


def _point_of(space: Space, params: Mapping[str, Any], names: Set[str]) -> dict[str, Any] | None:
    """Return the point of the space with the values that a parameter set has for these dotted names, or None."""
    try:
        return check_point(space, {name: value for name, value in _flatten(params, names) if name in names})
    except UsageError:
        return None


def _flatten(given: Mapping[str, Any], known: Set[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name of each value. A map that is the value of a known parameter is one value."""
    for name, value in given.items():
        dotted = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and dotted not in known:
            yield from _flatten(value, known, f"{dotted}.")
        else:
            yield dotted, value

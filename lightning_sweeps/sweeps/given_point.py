"""A parameter set that a person gives, checked against the space that it is to be tried in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sweeps.dimensions import Dimension, identity
from lightning_sweeps.sweeps.space import Space

Path = tuple[str, ...]


def accept(space: Space, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameter set that is meant by a nested map, or by one of dotted names; constants may be left out.

    Raises:
        UsageError: a parameter is unknown, missing or switched off, or has a value that is not in the space, or a
            constraint is not kept; all are named.
    """
    constants = dict(space.constants)
    left = dict(_flat(given, {dimension.path for dimension in space.dimensions} | set(constants)))
    values: dict[Path, Any] = {}
    problems: list[str] = []
    missing: list[Dimension] = []
    for dimension in space.dimensions:
        if dimension.path not in left:
            missing.append(dimension)
            values[dimension.path] = dimension.value(0)  # until it is known whether the others switch it off
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
    problems += [f"`{'.'.join(path)}` is switched off by the others: leave it out" for path in sorted(off)]
    problems += [f"it does not keep `{constraint}`" for constraint in space.restrictions.broken_by(params)]
    if problems:
        raise UsageError(f"this point is not in the space: {'; '.join(problems)}")
    return params


def fitting(space: Space, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the point of the space that a parameter set of another sweep or run is; None where it is none.

    What the space does not know is left out; what it knows must be there, with a value that is in it.
    """
    paths = {dimension.path for dimension in space.dimensions}
    known = {".".join(path): value for path, value in _flat(params, paths) if path in paths}
    try:
        return accept(space, known)
    except UsageError:
        return None


def _flat(given: Mapping[str, Any], known: set[Path], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each given value with its path; a map that is a parameter's own value is not gone into."""
    for name, value in given.items():
        here = (*path, name) if (*path, name) in known else (*path, *name.split("."))
        if isinstance(value, Mapping) and value and here not in known:
            yield from _flat(value, known, here)
        else:
            yield here, value

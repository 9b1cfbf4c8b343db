"""Registries: the members of a seam by name, from this package and from packages that extend it.

A seam (search methods, stopping rules, launchers, ...) has one registry. A built-in member is one line in the table of
the registry. A member of another package is an entry point in the registry's group::

    [project.entry-points."lightning_sweeps.methods"]
    halton = "my_package.halton:Halton"

A member is imported when it is first requested by name.
"""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Member = TypeVar("Member")


class Registry(Generic[Member]):
    """The members of one seam by name.

    Args:
        kind: name for a member in messages, for example `search method`.
        group: entry point group in which other packages declare members.
        built_in: `module:attribute` of each member of this package, by name.
        required: attributes that a member of another package must have.
    """

    def __init__(self, kind: str, group: str, built_in: Mapping[str, str], *, required: Sequence[str] = ()) -> None:
        self.kind = kind
        self.group = group
        self.required = tuple(required)
        self._built_in = dict(built_in)
        self._loaded: dict[str, Member] = {}

    def names(self) -> list[str]:
        """Return all names: the built-in ones in the order of their table, then the others in alphabetical order."""
        others = {*self._loaded, *self._declared()} - self._built_in.keys()
        return [*self._built_in, *sorted(others)]

    def __contains__(self, name: object) -> bool:
        return name in self._built_in or name in self._loaded or name in self._declared()

    def get(self, name: str) -> Member:
        """Return the member `name`; import it if this is the first call.

        Raises:
            UsageError: there is no such member, several packages declare it, its package cannot be imported, or it
                lacks an attribute.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def register(self, name: str, member: Member) -> None:
        """Add a member to this process only, for scripts and tests.

        Raises:
            UsageError: the name exists already.
        """
        if name in self:
            raise UsageError(f"the {self.kind} `{name}` exists already", hint="choose another name")
        self._loaded[name] = member

    def _load(self, name: str) -> Member:
        if name in self._built_in:
            module, _, attribute = self._built_in[name].partition(":")
            return cast("Member", getattr(importlib.import_module(module), attribute))
        declared = self._declared().get(name)
        if declared is None:
            raise self._unknown(name)
        if len({point.value for point in declared}) > 1:
            packages = " and ".join(sorted(f"`{_package_of(point)}`" for point in declared))
            raise UsageError(
                f"the {self.kind} `{name}` is declared by the packages {packages}", hint="uninstall all but one of them"
            )
        return self._import(name, declared[0])

    def _import(self, name: str, declared: EntryPoint) -> Member:
        try:
            member = declared.load()
        except Exception as error:  # importing another package may raise anything
            raise UsageError(
                f"the {self.kind} `{name}` of the package `{_package_of(declared)}` cannot be loaded:"
                f" {type(error).__name__}: {error}",
                hint=f"its entry point in `{self.group}` is `{declared.value}`",
            ) from error
        missing = [f"`{attribute}`" for attribute in self.required if not hasattr(member, attribute)]
        if missing:
            raise UsageError(
                f"the {self.kind} `{name}` of the package `{_package_of(declared)}` has no {', '.join(missing)}",
                hint=f"its entry point is `{declared.value}`; `lightning-sweeps docs extending` shows what it needs",
            )
        return cast("Member", member)

    def _declared(self) -> dict[str, list[EntryPoint]]:
        """Return the entry points of installed packages by name; those with a built-in name are ignored."""
        from importlib.metadata import entry_points  # takes 10 ms, which a process that only logs need not spend

        declared: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=self.group):
            if point.name not in self._built_in:
                declared.setdefault(point.name, []).append(point)
        return declared

    def _unknown(self, name: str) -> UsageError:
        names = self.names()
        hint = did_you_mean(name, names) or f"a package can add one as an entry point of `{self.group}`"
        return UsageError(f"there is no {self.kind} `{name}`, allowed: {', '.join(names)}", hint=hint)


def place_of(error: BaseException) -> str:
    """Return the file and line where an exception was raised, for messages about code of other packages."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"


def _package_of(point: EntryPoint) -> str:
    distribution: Any = point.dist
    return distribution.name if distribution is not None else point.value

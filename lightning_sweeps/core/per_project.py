"""Values that a server's owner sets for all projects, and differently for some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lightning_sweeps.errors import UsageError

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class PerProject(Generic[Value]):
    """A value for each project; None: no limit.

    Attributes:
        default: of every project that is not named.
        named: by name of the project.
    """

    default: Value | None = None
    named: Mapping[str, Value | None] = field(default_factory=dict)

    def of(self, project: str) -> Value | None:
        """Return the value of a project."""
        return self.named.get(project, self.default)

    @property
    def is_set(self) -> bool:
        """Whether any project has a limit."""
        return self.default is not None or any(value is not None for value in self.named.values())


def per_project(text: str, parse: Callable[[str], Value | None]) -> PerProject[Value]:
    """Return the values of a text such as `90d,digits=7d`.

    Args:
        text: the value of all projects, and `project=value` for others, with commas between.
        parse: parses one value; raises ValueError.

    Raises:
        ValueError: a value is not allowed, or one is given twice.
    """
    found: dict[str, Value | None] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, value = part.rpartition("=")
        if name in found:
            raise ValueError(part)
        found[name] = parse(value)
    default = found.pop("", None)
    return PerProject(default, found)


def per_project_option(
    option: str, given: list[str], setting: PerProject[Value], parse: Callable[[str], Value | None], allowed: str
) -> PerProject[Value]:
    """Return the values of a repeated option, or those of its environment variable if it is not given.

    Raises:
        UsageError: a value is not allowed.
    """
    if not given:
        return setting
    try:
        return per_project(",".join(given), parse)
    except ValueError as error:
        raise UsageError(
            f"`{option}` is `{', '.join(given)}`, allowed: {allowed}, and `PROJECT=` before it for one project",
            hint=f"`{error}` is not allowed or stands twice",
        ) from None

"""Maps wandb's names to ours: a run's id is unique in its project there, and on the whole server here."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.core.names import checked_name
from lightning_sweeps.errors import NotFound, UsageError

ENTITY = "lightning-sweeps"
"""The entity that every project of this server belongs to."""
VARIABLE = "LIGHTNING_SWEEPS_WANDB_ENTITIES"
ANY_ENTITY = "*"
DEFAULT_PROJECT = "uncategorized"
"""The project of a run that names none, as in W&B."""
MAX_NAME_LENGTH = 100
SUFFIX_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Entities:
    """The entities that clients may name. All of them stand for this server.

    Attributes:
        further: names besides `ENTITY`; `*`: any name.
    """

    further: frozenset[str] = frozenset()

    def check(self, name: str | None) -> str:
        """Return the entity that a client names, or `ENTITY` if it names none.

        Raises:
            NotFound: the server has no such entity.
        """
        if not name:
            return ENTITY
        if name == ENTITY or name in self.further or ANY_ENTITY in self.further:
            return name
        allowed = ", ".join(f"`{one}`" for one in (ENTITY, *sorted(self.further)))
        raise NotFound(
            f"there is no entity `{name[:80]}`, allowed: {allowed}",
            hint=f"unset `entity` and WANDB_ENTITY, or start the server with {VARIABLE}={name[:80]}",
        )


def project_name(given: str | None) -> str:
    """Return the name of a project that a client names.

    Raises:
        UsageError: the name is not allowed.
    """
    return checked_name(given or DEFAULT_PROJECT, what="project")


def run_id(project: str, name: str) -> str:
    """Return our id of the run that clients call `name` in a project.

    Raises:
        UsageError: the name is not allowed.
    """
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable() or set(name) & set("/\\#?%:"):
        raise UsageError(
            f"the id of the run is `{name[:MAX_NAME_LENGTH]}`, allowed: 1 to {MAX_NAME_LENGTH} characters"
            " without `/`, `\\`, `#`, `?`, `%` and `:`"
        )
    return f"{name}.{_suffix(project)}"


def run_name(project: str, our_id: str) -> str:
    """Return what clients call a run. A run that no wandb client made is called by its id."""
    return our_id.removesuffix(f".{_suffix(project)}")


def node_id(host: str) -> str:
    """Return our id of the machine that clients call `host`."""
    return derive_id("wandb", host, prefix="n-")


def _suffix(project: str) -> str:
    return derive_id("wandb", project)[:SUFFIX_LENGTH]

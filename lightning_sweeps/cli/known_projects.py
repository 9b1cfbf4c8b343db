"""Checks that the project of an option exists."""

from __future__ import annotations

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.errors import NotFound

if not is_help_only():
    from lightning_sweeps.client import Client

MOST_NAMES = 10


def check_project(client: Client, project: str | None) -> None:
    """Check that the server has a project with anything that is not in the trash. None is no project to check.

    Raises:
        NotFound: it has none. The hint names the closest one, or the projects that there are.
    """
    if project is None:
        return
    names = client.projects()
    if project in names:
        return
    shown = ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
    raise NotFound(
        f"there is no project `{project}` on `{client.url}`",
        hint=did_you_mean(project, names) or (f"there are: {shown}" if names else "nothing was logged there yet"),
    )

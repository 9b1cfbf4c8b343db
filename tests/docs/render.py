"""Generates docs/settings.md from `settings.VARIABLES`: python -m tests.docs.render > docs/settings.md"""

from __future__ import annotations

from lightning_sweeps.core.settings import VARIABLES

HEAD = """# Settings

Settings are environment variables. An invalid value is an error that names the allowed values; it is never ignored.

| variable | default | allowed | meaning |
|---|---|---|---|
"""


def render() -> str:
    """Return the whole page."""
    rows = [
        f"| `{variable.full_name}` | {f'`{variable.default}`' if variable.default else 'none'} | {variable.allowed} "
        f"| {variable.meaning} |"
        for variable in VARIABLES
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(render(), end="")

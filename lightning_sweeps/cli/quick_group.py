"""A group of commands whose help starts fast."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class QuickGroup(TyperGroup):
    """A group of commands. Newer versions of typer import pydantic to convert a missing `--help`; this one does not."""

    def get_help_option(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option

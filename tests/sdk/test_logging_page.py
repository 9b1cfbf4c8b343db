"""docs/logging.md documents every public function and every attribute of Run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lightning_sweeps.sdk.media import MEDIA_TYPES
from lightning_sweeps.sdk.run import Run

PAGE = (Path(__file__).parents[2] / "docs" / "logging.md").read_text()
FUNCTIONS = ["current_trial", "finish", "init", "log", "require", "setup"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_heading(name: str) -> None:
    assert re.search(rf"^### `{name}`$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in dir(Run) if not name.startswith("_")])
def test_every_attribute_of_a_run_is_described(name: str) -> None:
    assert re.search(rf"`(Run\.|run\.)?{name}\b", PAGE)
    assert (getattr(Run, name).__doc__ or "").strip(), "it has a docstring"


def test_every_media_type_is_listed() -> None:
    assert [name for name in MEDIA_TYPES.names() if f"`{name}`" not in PAGE] == []

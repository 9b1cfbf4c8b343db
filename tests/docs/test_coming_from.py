"""The pages for users of other tools name only calls, commands and settings that exist."""

from __future__ import annotations

import re
from pathlib import Path

import lightning.pytorch  # noqa: F401 - loaded here, not in a test: the leak check watches what loading leaves in os.environ
import pytest

import lightning_sweeps
from lightning_sweeps.api.query import Api
from lightning_sweeps.api.sweep_control import SweepControl
from lightning_sweeps.cli import COMMANDS
from lightning_sweeps.sdk.run import OWN_ATTRIBUTES, Run
from lightning_sweeps.sweeps.methods import METHODS
from lightning_sweeps.sweeps.stopping_rules import STOPPING_RULES
from tests.docs.blocks import ROOT

PAGES = [
    *(page for page in sorted((ROOT / "docs" / "coming-from").glob("*.md")) if page.stem != "comparison"),
    ROOT / "docs" / "quickstart" / "wandb.md",
]
ROW = re.compile(r"^\| (?P<theirs>.+?) \| (?P<ours>.+) \|$", re.MULTILINE)


def ours(page: Path) -> str:
    """Return the cells of a page's tables that say what to write here."""
    return "\n".join(row["ours"] for row in ROW.finditer(page.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_the_names_exist(page: Path) -> None:
    text = ours(page)
    assert text
    names = {
        Run: re.findall(r"`run\.(\w+)", text),
        lightning_sweeps: re.findall(r"lightning_sweeps\.(\w+)", text),
        Api: re.findall(r"Api\(\)\.(\w+)", text),
        SweepControl: re.findall(r"SweepControl\(\w+\)\.(\w+)", text),
    }
    missing = [f"{owner}: {name}" for owner, found in names.items() for name in found if not known(owner, name)]
    missing += [word for word in re.findall(r"`lightning-sweeps (\w+)", text) if word not in COMMANDS]
    missing += [word for word in re.findall(r"`method: (\w+)`", text) if word not in METHODS.names()]
    rules = re.findall(r"`early_terminate: {type: (\w+)}`", text)
    missing += [word for word in rules if word not in STOPPING_RULES.names()]
    assert missing == []


def known(owner: object, name: str) -> bool:
    return hasattr(owner, name) or (owner is Run and name in OWN_ATTRIBUTES)

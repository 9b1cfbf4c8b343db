"""docs/launchers.md has every launcher with every option, and says what each can do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lightning_sweeps.agents.launchers.registry import LAUNCHERS
from lightning_sweeps.cli.launcher_options import flag_of

PAGE = (Path(__file__).parents[2] / "docs" / "launchers.md").read_text()
HELP = (Path(__file__).parents[2] / "lightning_sweeps" / "cli" / "agent.py").read_text()
NAMES = LAUNCHERS.names()


def section(launcher: str) -> str:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| [`{launcher}`](#"))
    anchor = row.partition("](#")[2].partition(")")[0]
    headings = {
        re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")): title for title in re.findall(r"^## (.+)", PAGE, re.M)
    }
    found = re.search(rf"^## {re.escape(headings[anchor])}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, launcher
    return found.group(1)


@pytest.mark.parametrize("name", NAMES)
def test_each_option_has_a_row(name: str) -> None:
    listed = set(re.findall(r"^\| `(--[a-z-]+)", section(name), re.MULTILINE))
    assert listed == {flag_of(option) for option in LAUNCHERS.get(name).options_model.model_fields}


@pytest.mark.parametrize("name", NAMES)
def test_the_options_of_a_sweep_file_are_named(name: str) -> None:
    said = re.search(r"In the sweep file: ([^.]*)\.", section(name))
    named = re.findall(r"`(\w+)`", said.group(1)) if said else []
    assert named == LAUNCHERS.get(name).options_model.allowed_in_sweep()


@pytest.mark.parametrize("name", NAMES)
def test_the_table_says_what_a_launcher_can_do(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| [`{name}`]"))
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    launcher = LAUNCHERS.get(name)
    assert ("chooses them" in cells[2]) == launcher.assigns_gpus
    assert cells[3].startswith("yes") == launcher.requeues


def test_the_help_of_agents_names_every_launcher() -> None:
    (text,) = re.findall(r"Submit the agents as jobs: (.*?)\. `--on", re.sub(r'"\s+"', "", HELP), re.DOTALL)
    assert [name for name in NAMES if not re.search(rf"\b{name}\b", text)] == []

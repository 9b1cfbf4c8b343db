"""Checks the documentation: it has every command, option and setting, and every file that it links exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lightning_sweeps.cli import COMMANDS
from lightning_sweeps.sweeps import json_schema
from lightning_sweeps.sweeps.config import parse_sweep
from tests.docs import mlflow_operations, wandb_operations
from tests.docs.blocks import read_blocks
from tests.docs.render import render

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"), *ROOT.glob("benchmarks/*.md")]
)
EVERYWHERE = {"--help"}


def section(page: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no heading `{heading}`"
    return found.group(1)


def test_the_settings_page_is_rendered_from_the_settings() -> None:
    assert (ROOT / "docs/settings.md").read_text() == render()


def test_the_operations_of_mlflow_clients_are_those_that_are_answered() -> None:
    assert (ROOT / "docs/reference/mlflow-operations.md").read_text() == mlflow_operations.render()


def test_the_operations_of_wandb_clients_are_those_that_are_answered() -> None:
    assert (ROOT / "docs/reference/wandb-operations.md").read_text() == wandb_operations.render()


def test_the_published_schema_matches_the_models() -> None:
    assert (ROOT / "docs/sweep-file.schema.json").read_text() == json_schema.render()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_is_documented(command: str) -> None:
    text = section((ROOT / "docs/commands.md").read_text(), command)
    shown = subprocess.run(
        [sys.executable, "-m", "lightning_sweeps.cli", command, "--help"], capture_output=True, text=True, check=True
    ).stdout
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown)) - EVERYWHERE
    assert {option for option in options if option not in text} == set()


def test_the_sweep_file_in_the_readme_is_valid() -> None:
    (text,) = (block.text for block in read_blocks(ROOT / "README.md") if block.language == "yaml")
    assert parse_sweep(text).config.run_cap == 8
    assert yaml.safe_load(text)["resources"] == {"processes": 2}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_has_a_target(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_python_example_compiles(page: Path) -> None:
    for block in read_blocks(page):
        if block.language == "python":
            compile(block.text, str(page), "exec")


def test_the_readme_names_only_commands_that_exist() -> None:
    named = set(re.findall(r"^lightning-sweeps (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert named <= COMMANDS.keys()


def test_every_picture_is_small_and_shown() -> None:
    shown = set(re.findall(r"images/([\w.-]+)\)", "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))))
    there = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert there.keys() == shown
    assert all(size < 300_000 for size in there.values()), there

"""Checks docs/server.md: its compose file and systemd unit are valid, and its options exist."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import yaml

from lightning_sweeps.core.settings import VARIABLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/server.md").read_text()
OPTIONS = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", (ROOT / "docs/commands.md").read_text()))


def block(kind: str) -> str:
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def options_of(command: str) -> set[str]:
    return {word for word in shlex.split(command) if word.startswith("--")}


def test_the_compose_file() -> None:
    compose = yaml.safe_load(block("yaml"))
    assert compose.keys() == {"services", "volumes"}
    server, database = compose["services"]["server"], compose["services"]["database"]
    assert server["depends_on"] == {"database": {"condition": "service_healthy"}} and "healthcheck" in database
    for service in (server, database):
        named = {volume.partition(":")[0] for volume in service["volumes"]}
        assert named <= compose["volumes"].keys()
    command = server["command"][-1]
    assert "\n" not in command and options_of(command.partition("lightning-sweeps server")[2]) <= OPTIONS
    user, name = database["environment"]["POSTGRES_USER"], database["environment"]["POSTGRES_DB"]
    variables = server["environment"]
    assert variables["LIGHTNING_SWEEPS_DATABASE"] == f"postgresql://{user}@database/{name}"
    assert variables["PGPASSWORD"] == "${POSTGRES_PASSWORD}" and "PASSWORD" not in command
    assert variables.keys() - {"PGPASSWORD"} <= {variable.full_name for variable in VARIABLES}


def test_the_systemd_unit() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(block("ini"))
    assert unit.sections() == ["Unit", "Service", "Install"]
    assert options_of(unit["Service"]["ExecStart"]) <= OPTIONS
    assert unit["Service"]["Environment"].startswith(
        "LIGHTNING_SWEEPS_HOME=/var/lib/" + unit["Service"]["StateDirectory"]
    )


def test_every_option_on_the_page_exists() -> None:
    ours = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - {"--now", "--quiet", "--upgrade"}
    assert ours <= OPTIONS

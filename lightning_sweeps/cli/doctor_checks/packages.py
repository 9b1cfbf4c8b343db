"""Checks Python and the installed versions of what this package needs."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from lightning_sweeps.cli.doctor_checks.finding import Finding, Machine
from lightning_sweeps.core.full_version import full_version
from lightning_sweeps.core.installation import THIN, has_server

CHECK = "packages"
NAME = "lightning-sweeps"
SHOWN = ("torch", "lightning")
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^\]]*\])?>=([\d.]+)$")


def find(machine: Machine) -> Iterator[Finding]:
    """Compare the installed versions with the lower bounds of this package."""
    del machine
    try:
        installed = metadata.distribution(NAME if has_server() else THIN)
    except metadata.PackageNotFoundError:
        yield Finding(
            CHECK,
            "warn",
            f"`{NAME}` runs from a folder without an installation, so its requirements are unknown",
            "`pip install -e .` in the folder of the repository",
        )
        return
    yield _python(installed.metadata["Requires-Python"] or "")
    problems = list(_problems(installed.requires or []))
    yield from problems
    if not problems:
        versions = ", ".join(f"{name} {metadata.version(name)}" for name in SHOWN)
        yield Finding(CHECK, "ok", f"{NAME} {full_version()}, {versions}; every requirement is installed")
    yield from _script()


def is_older(version: str, bound: str) -> bool:
    """Return whether a version is older than a bound. Suffixes such as `+cu128` and `rc1` do not count."""
    return _numbers(version) < _numbers(bound)


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _python(required: str) -> Finding:
    version = platform.python_version()
    bound = required.removeprefix(">=")
    if is_older(version, bound):
        return Finding(
            CHECK, "fail", f"Python {version}, allowed: {bound} or later", f"install Python {bound} or later"
        )
    return Finding(CHECK, "ok", f"Python {version} in {sys.prefix}")


def _problems(requirements: list[str]) -> Iterator[Finding]:
    for requirement in requirements:
        found = _REQUIREMENT.match(requirement.replace(" ", ""))
        if found is None:  # an extra
            continue
        name, bound = found.groups()
        command = f'`{Path(sys.executable)} -m pip install "{name}>={bound}"`'
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(CHECK, "fail", f"{name} is not installed, allowed: {bound} or later", command)
            continue
        if is_older(version, bound):
            yield Finding(CHECK, "fail", f"{name} {version} is installed, allowed: {bound} or later", command)


def _script() -> Iterator[Finding]:
    """Compare the `lightning-sweeps` of the terminal with this Python."""
    script = shutil.which(NAME)
    if script is None:
        yield Finding(
            CHECK,
            "warn",
            f"`{NAME}` is not on the PATH",
            f"activate the environment, or use `{sys.executable} -m lightning_sweeps.cli`",
        )
    elif Path(script).parent.resolve() != Path(sys.executable).parent.resolve():
        yield Finding(
            CHECK,
            "warn",
            f"`{NAME}` on the PATH is `{script}`, which belongs to another Python than `{sys.executable}`",
            "activate the environment that your programs run in",
        )

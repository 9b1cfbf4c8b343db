"""Prepares a release: version, changelog, packages, checks. It publishes nothing, and makes no commit and no tag.

make release VERSION=1.2.3 REPOSITORY=https://host/owner/name

The address of the repository is kept in `pyproject.toml`, so that only the first release must name it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

from packaging.version import Version

from tools import thin_distribution
from tools.dependencies import PROJECT

ROOT = PROJECT.parent
VERSION_FILE = ROOT / "lightning_sweeps" / "__init__.py"
README = ROOT / "README.md"
CHANGELOG = ROOT / "CHANGELOG.md"
DIST = ROOT / "dist"
UNRELEASED = "## Unreleased"
PAGE = "lightning_sweeps/server/static/index.html"
IN_WHEEL = (PAGE, "lightning_sweeps/py.typed", "lightning_sweeps/commit.txt", "lightning_sweeps/demo/sweep.yaml")
IN_SDIST = (PAGE, "Makefile", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "hatch_build.py")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
_LINK_START = re.compile(r"(!?)(\[[^\]]*\]\()(?!https?:|#)([^)]+)")
_URLS = re.compile(r"^\[project\.urls\]\nHomepage = \"([^\"]+)\"\n.*?\n\n", re.MULTILINE | re.DOTALL)
_VERSION = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)


class ReleaseRefusedError(Exception):
    """A release is not possible. The message says why, and what to do."""


def parse(version: str) -> Version:
    """Return a version that can be released.

    Raises:
        ReleaseRefusedError: it is not like 1.2.3 or 1.2.3rc1.
    """
    if re.fullmatch(r"\d+\.\d+\.\d+(rc\d+)?", version) is None:
        raise ReleaseRefusedError(
            f"the version is `{version}`, allowed: `1.2.3`, or `1.2.3rc1` for a release candidate"
        )
    return Version(version)


def check_newer(version: str, current: str) -> None:
    """Check that a version comes after the current one, such as `1.2.3.dev0`.

    Raises:
        ReleaseRefusedError: it does not.
    """
    if parse(version) <= Version(current):
        raise ReleaseRefusedError(f"the version is `{version}`, allowed: later than `{current}`")


def released_changelog(text: str, version: str, date: str) -> str:
    """Return the changelog with the unreleased section under the name of the version, and a new one above it.

    A release candidate leaves the section as it is: the release that follows closes it.

    Raises:
        ReleaseRefusedError: nothing is listed as unreleased.
    """
    _, heading, rest = text.partition(f"{UNRELEASED}\n")
    content = rest.partition("\n## ")[0]
    if not heading or not content.strip():
        raise ReleaseRefusedError(f"`CHANGELOG.md` lists nothing under `{UNRELEASED}`")
    if Version(version).is_prerelease:
        return text
    return text.replace(f"{UNRELEASED}\n", f"{UNRELEASED}\n\n## {version} ({date})\n", 1)


def named_files(readme: str) -> list[str]:
    """Return the files that a README links to."""
    return _LINK.findall(readme)


def with_urls(project: str, repository: str) -> str:
    """Return a `pyproject.toml` with the addresses that a package index shows.

    Raises:
        ReleaseRefusedError: no repository is given, and the file names none.
    """
    if not repository and _URLS.search(project):
        return project
    if re.fullmatch(r"https://[^\s/]+/\S+[^\s/]", repository) is None:
        raise ReleaseRefusedError(
            f"`REPOSITORY` is `{repository}`, allowed: the address of the repository, such as `https://host/owner/name`"
        )
    table = f"""[project.urls]
Homepage = "{repository}"
Documentation = "{repository}/blob/main/docs/README.md"
Changelog = "{repository}/blob/main/CHANGELOG.md"
Issues = "{repository}/issues"

"""
    return _URLS.sub("", project).replace("[project.scripts]\n", f"{table}[project.scripts]\n", 1)


def with_absolute_links(readme: str, repository: str, version: str) -> str:
    """Return a README whose links and pictures work on the page of a package index."""

    def absolute(match: re.Match[str]) -> str:
        kind = "raw" if match[1] else "blob"
        return f"{match[1]}{match[2]}{repository}/{kind}/v{version}/{match[3]}"

    return _LINK_START.sub(absolute, readme)


def missing(wanted: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return which files or folders of `wanted` a package with the files `names` lacks."""
    known = set(names)
    return [name for name in wanted if name not in known and not any(one.startswith(f"{name}/") for one in known)]


def check_tree() -> None:
    """Check that the checkout has no changes.

    Raises:
        ReleaseRefusedError: files differ from the last commit.
    """
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    if changed:
        raise ReleaseRefusedError(f"the checkout has changes; commit them first:\n{changed}")


def build_packages(version: str) -> list[Path]:
    """Build the dashboard, the source distribution, the wheel and the thin wheel into `dist/`, and check them.

    Raises:
        ReleaseRefusedError: a package lacks a file.
        subprocess.CalledProcessError: a build failed.
    """
    subprocess.run([sys.executable, "hatch_build.py"], cwd=ROOT, check=True)
    readme, urls = README.read_text(), _URLS.search(PROJECT.read_text())
    try:
        README.write_text(with_absolute_links(readme, urls[1] if urls else "", version))
        subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(DIST)], cwd=ROOT, check=True)
        thin = thin_distribution.build(DIST, version)
    finally:
        README.write_text(readme)
    sdist = DIST / f"lightning_sweeps-{version}.tar.gz"
    wheel = DIST / f"lightning_sweeps-{version}-py3-none-any.whl"
    with tarfile.open(sdist) as packed:
        names = [name.partition("/")[2] for name in packed.getnames()]
    lacking = missing([*IN_SDIST, *named_files(readme)], names)
    with zipfile.ZipFile(wheel) as packed_wheel:
        lacking += missing(IN_WHEEL, packed_wheel.namelist())
    if lacking:
        raise ReleaseRefusedError(f"the packages lack {', '.join(f'`{name}`' for name in lacking)}")
    return [sdist, wheel, thin]


def prepare(version: str, repository: str, *, date: str) -> list[Path]:
    """Set the version and the addresses, move the changelog's section, and build and check the packages.

    Raises:
        ReleaseRefusedError: the release is not possible. Nothing was changed unless a package lacks a file.
    """
    source = VERSION_FILE.read_text()
    found = _VERSION.search(source)
    if found is None:
        raise ReleaseRefusedError(f"`{VERSION_FILE}` sets no `__version__`")
    check_newer(version, found.group(1))
    check_tree()
    changelog = released_changelog(CHANGELOG.read_text(), version, date)
    project = with_urls(PROJECT.read_text(), repository)
    PROJECT.write_text(project)
    VERSION_FILE.write_text(_VERSION.sub(f'__version__ = "{version}"', source, count=1))
    CHANGELOG.write_text(changelog)
    return build_packages(version)


def main(words: list[str]) -> int:
    """Prepare a release, say what to do next, and return the exit status."""
    try:
        version, repository = (*words, "", "")[:2]
        packages = prepare(version, repository.rstrip("/"), date=time.strftime("%Y-%m-%d"))
    except ReleaseRefusedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for package in packages:
        print(f"{package.relative_to(ROOT)} ({package.stat().st_size / 1e6:.1f} MB)")
    print("Nothing is committed or published. CONTRIBUTING.md says what comes next.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

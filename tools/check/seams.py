"""The page on extensions and the registries in the code belong together."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from tools.check.files import ROOT, modules, relative, tree

PAGE = ROOT / "docs" / "extending.md"
GUIDE = ROOT / "CONTRIBUTING.md"
MOST_FILES = 3
_ROW = re.compile(r"^\| \[(?P<seam>[^]]+)\]\(#(?P<anchor>[\w-]+)\) \|(?P<cells>.*)\|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seam:
    """One row of the table in docs/extending.md.

    Attributes:
        name: for example `search method`.
        anchor: the section that explains it.
        member: path of a member's file, with `<name>` in it.
        registry: the file with the table of built-in members.
        group: the entry point group.
        contract: the file with the contract tests.
    """

    name: str
    anchor: str
    member: str
    registry: str
    group: str
    contract: str


def seams() -> list[Seam]:
    """Return the rows of the table."""
    rows = _ROW.finditer(PAGE.read_text())
    return [Seam(row["seam"], row["anchor"], *re.findall(r"`([^`]+)`", row["cells"])) for row in rows]


def registries_are_documented() -> list[str]:
    """Each registry of the package has a row in docs/extending.md, with its entry point group and a section."""
    page = PAGE.read_text()
    anchors = {re.sub(r"[^\w-]", "", head.lower().replace(" ", "-")) for head in re.findall(r"^## (.+)$", page, re.M)}
    documented = {seam.group: seam for seam in seams()}
    groups = _groups()
    found = [f"{place}: the group `{group}` has no row" for group, place in groups.items() if group not in documented]
    found += [f"docs/extending.md: no registry has the group `{group}`" for group in documented if group not in groups]
    found += [f"docs/extending.md: no section for {seam.name}" for seam in seams() if seam.anchor not in anchors]
    return found


def seam_files_exist() -> list[str]:
    """The files that docs/extending.md names exist."""
    found = []
    for seam in seams():
        folder = ROOT / seam.member.partition("<name>")[0]
        if not any(path.suffix == ".py" and path.name != "__init__.py" for path in folder.glob("*.py")):
            found.append(f"{seam.name}: `{seam.member}`: there is no member to copy")
        found += [f"{seam.name}: `{path}`" for path in (seam.registry, seam.contract) if not (ROOT / path).exists()]
    return found


def additions_touch_three_files() -> list[str]:
    """The table "How to add a ..." in CONTRIBUTING.md names files that exist, at most three for each addition."""
    section = GUIDE.read_text().partition("## How to add a ...")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ") and "`" in line]
    found = [] if rows else ["CONTRIBUTING.md: there is no table under `How to add a ...`"]
    for what, copied, touched in rows:
        paths = re.findall(r"`([^`]+)`", touched)
        if not 0 < len(paths) <= MOST_FILES:
            found.append(f"{what.strip()}: {len(paths)} files to touch")
        found += [
            f"{what.strip()}: `{path}`" for path in (*re.findall(r"`([^`]+)`", copied), *paths) if not _exists(path)
        ]
    return found


def _exists(path: str) -> bool:
    """Return whether a path exists, or the folder of one with `<name>` in it."""
    return (ROOT / path.partition("<")[0]).exists()


def _groups() -> dict[str, str]:
    """Return the entry point group of each `Registry(...)` in the package, with the file."""
    found: dict[str, str] = {}
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and "Registry" in ast.unparse(node.func).split("[")[0].split("."):
                texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                groups = [
                    text for text in texts if isinstance(text, str) and re.fullmatch(r"lightning_sweeps\.\w+", text)
                ]
                found |= dict.fromkeys(groups, relative(path))
    return found

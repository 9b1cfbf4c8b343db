"""Names of classes and modules."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

from tools.check.files import PACKAGE, modules, relative, text_files, tree

MENTION = re.compile(r"`(?:[\w.-]+/)*([\w-]+\.(?:py|tsx?))`")
PAGES = {"ARCHITECTURE.md", "CONTRIBUTING.md"}
FOREIGN_FILES = {"train.py", "train_ddp.py", "main.py", "script.py"}
"""Names in examples: files of a user's program."""

TWO_BASES = "one for `lightning` and one for its older name, `pytorch_lightning`"
MAY_REPEAT = dict.fromkeys(("SweepLogger", "SweepCallback", "SilentLightningExperiment"), TWO_BASES)
"""Classes that exist twice, with the reason."""


def class_names_are_unique() -> list[str]:
    """No two public classes of the package have the same name."""
    places = defaultdict(list)
    for path in modules():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and node.name[0] != "_" and node.name not in MAY_REPEAT:
                places[node.name].append(relative(path))
    return [f"{name}: {', '.join(found)}" for name, found in sorted(places.items()) if len(found) > 1]


def mentioned_modules_exist() -> list[str]:
    """A file that the package, the dashboard, ARCHITECTURE.md or CONTRIBUTING.md mentions in backticks exists."""
    known = {path.name for path in text_files()} | FOREIGN_FILES
    found = []
    for path in text_files():
        if PACKAGE in path.parents or path.suffix in (".ts", ".tsx") or path.name in PAGES:
            for number, line in enumerate(path.read_text().splitlines(), start=1):
                found += [f"{relative(path)}:{number}: `{name}`" for name in MENTION.findall(line) if name not in known]
    return found

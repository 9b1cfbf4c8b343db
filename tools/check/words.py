"""Words that this project no longer uses, and their replacements. docs/glossary.md defines the words that it uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatch

from tools.check.files import relative, text_files


@dataclass(frozen=True, slots=True)
class Retired:
    """A word or phrase that may not appear.

    Attributes:
        word: lower-case words, separated by spaces. Names match too: `own run` finds `own_run` and `OwnRun`.
        instead: the word to use.
        files: where it may not appear, as a pattern of paths. Everywhere by default.
        allowed: a regular expression. A line on which it matches may use the word: ordinary English.
    """

    word: str
    instead: str
    files: str = "*"
    allowed: str | None = None


RETIRED = (
    Retired("attendant", "trial runner"),
    Retired("brake", "circuit breaker"),
    Retired("conductor", "effects"),
    Retired("heart", "heartbeat"),
    Retired("presence", "registration"),
    Retired("ledger", "time accounting"),
    Retired("wish", "edit"),
    Retired("wishes", "edits"),
    Retired("hot", "write buffer", allowed=r"hot (path|loop|reload)|--hot"),
    *(Retired("aside", "rejected record", files=f"{folder}/*") for folder in ("lightning_sweeps", "tests", "docs")),
    Retired("strand", "segment"),
    Retired("strands", "segments"),
    Retired("span", "rollup", files="lightning_sweeps/store/*"),
    Retired("spans", "rollups", files="lightning_sweeps/store/*"),
    Retired("pyramid", "rollups"),
    Retired("descent", "range query", allowed=r"gradient descent"),
    Retired("journal book", "journal index"),
    Retired("book", "journal index", files="*service/*"),
    Retired("tidying", "cleanup"),
    Retired("tidy", "clean up"),
    Retired("meeting", "rank sync", files="*trainer/*"),
    Retired("own run", "run resolver", allowed=r"own runs?\b|its_own_run"),
    Retired("surroundings", "environment"),
    Retired("ship", "upload"),
    Retired("ships", "uploads", allowed=r"Lightning ships"),
    Retired("shipped", "uploaded"),
    Retired("shipper", "uploader"),
    Retired("shipping", "upload"),
    Retired("shipment", "upload"),
    Retired("police", "leak check"),
    Retired("scene", "scenario"),
    Retired("scenes", "scenarios"),
    Retired("worlds", "fixtures"),
    Retired("readiness", "preflight", files="*agents/*"),
    Retired("sight", "visibility", files="dashboard/*", allowed=r"in sight"),
    Retired("rights", "permissions"),
    Retired("sisters", "the other agents of this machine"),
    Retired("begun", "started", files="dashboard/*"),
    Retired("anew", "again"),
    Retired("heard of", "last seen"),
    Retired("to be had", "available"),
    Retired("is none", "is missing, or: is not a ...", allowed=r"\bis None\b|is_\(None\)|is_none|[Tt]here is none"),
    Retired("stand above", "override"),
    Retired("stands above", "overrides"),
    Retired("goodbye", "tell the server that the agent stopped"),
    Retired("goes on with", "continues with"),
)

GONE_MODULES = (
    "keeping", "exchange", "sending", "shipping", "turns", "rest", "worth", "sight", "facts", "occupied", "inline",
    "creating", "detached",
)  # fmt: skip
"""Modules of earlier versions with names that are ordinary words. Only the name of a module may not come back."""

EXEMPT = (
    "tools/check/words.py",
    "tests/structure/test_rules.py",
    "lightning_sweeps/store/migrations/versions/*",  # a migration names tables and columns of earlier schemas
    "lightning_sweeps/store/pre_release_schema.py",  # likewise
    "tests/store/test_pre_release_schema.py",
    "tests/store/files/*",  # databases that earlier versions made
    "dashboard/src/api/schema.ts",  # generated from the server's docstrings, which are checked themselves
)
"""Files that may use retired words, with the reason."""

_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def no_retired_words() -> list[str]:
    """Names and texts use the words of docs/glossary.md, not those that the project has retired."""
    return [found for path in text_files() for found in _retired_in(relative(path), path.read_text())]


def no_retired_module_names() -> list[str]:
    """No module has a name that the project has retired."""
    return [relative(path) for path in text_files() if path.stem in GONE_MODULES]


def pieces(line: str) -> str:
    """Return the words of a line in lower case, names split: `JournalBook.is_hot` becomes ` journal book is hot `."""
    return f" {' '.join(found.lower() for found in _PIECE.findall(line))} "


def retired_on(path: str, line: str) -> list[Retired]:
    """Return the retired words that a line of a file uses."""
    words = pieces(line)
    return [
        entry
        for entry in RETIRED
        if f" {entry.word} " in words
        and fnmatch(path, entry.files)
        and not (entry.allowed and re.search(entry.allowed, line))
    ]


def _retired_in(path: str, text: str) -> list[str]:
    if any(fnmatch(path, pattern) for pattern in EXEMPT):
        return []
    lines = [(0, path), *enumerate(text.splitlines(), start=1)]  # line 0: the path itself
    return [
        f"{path}:{number}: `{entry.word}`, write `{entry.instead}`: {line.strip()[:100]}"
        for number, line in lines
        for entry in retired_on(path, line)
    ]

"""Code blocks of the documentation: how a page's blocks are run, and which ones are not, with the reason.

In the order of the page:

- a block with `title="NAME"` is written to the file NAME;
- a `python` block runs in one process with the other `python` blocks of the page, like the cells of a notebook;
- a `sh` block runs in bash; it ends at the first command that fails;
- `<!-- install -->` before a block: it runs only when an empty environment is tested;
- `<!-- not run: REASON -->` before a block, or `<!-- blocks not run: REASON -->` anywhere on the page: it does not run.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
INSTALL = "install"

_BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*) -->\n\s*)?^(?P<indent> *)```(?P<language>\w*)(?P<options>[^\n]*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_NOT_RUN = re.compile(r"not run: (.+)")
_PAGE_NOT_RUN = re.compile(r"<!-- blocks not run: (.+?) -->", re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Block:
    """A code block.

    Attributes:
        language: the word after the backticks.
        text: the code.
        title: the name of the file that the block is; empty: none.
        not_run: why the block does not run; empty: it runs.
        is_install: whether it installs the package.
    """

    language: str
    text: str
    title: str
    not_run: str
    is_install: bool

    @property
    def kind(self) -> Literal["file", "python", "sh", ""]:
        """What is done with the block. Empty: nothing, because its language cannot run."""
        if self.title:
            return "file"
        return "python" if self.language == "python" else "sh" if self.language == "sh" else ""


def pages() -> list[Path]:
    """Return README.md and all pages below docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def read_blocks(page: Path) -> list[Block]:
    """Return the code blocks of a page."""
    text = page.read_text()
    whole_page = _PAGE_NOT_RUN.search(text)
    found = []
    for match in _BLOCK.finditer(text):
        mark = match["mark"] or ""
        reason = _NOT_RUN.fullmatch(mark)
        title = _TITLE.search(match["options"])
        found.append(
            Block(
                language=match["language"],
                text=textwrap.dedent(match["text"]),
                title=title[1] if title else "",
                not_run=reason[1] if reason else whole_page[1] if whole_page else "",
                is_install=mark == INSTALL,
            )
        )
    return found


def runnable_pages() -> list[Path]:
    """Return the pages with blocks that run."""
    return [page for page in pages() if any(block.kind and not block.not_run for block in read_blocks(page))]

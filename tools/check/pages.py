"""Pages with facts in a fixed form."""

from __future__ import annotations

import re
from collections import Counter

from tools.check.files import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"
_HEAD = re.compile(r"^\*\*(.+?)\*\*", re.MULTILINE)


def glossary_words_are_defined_once() -> list[str]:
    """docs/glossary.md defines each word once."""
    words = Counter(word.strip().lower() for head in _HEAD.findall(GLOSSARY.read_text()) for word in head.split(","))
    return [word for word, count in words.items() if count > 1]

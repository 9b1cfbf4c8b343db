"""The skill: a page that teaches a coding agent how to use this package."""

from __future__ import annotations

from pathlib import Path

SKILL_FILE = Path(__file__).parent / "SKILL.md"


def read_skill() -> str:
    """Return the text of the skill."""
    return SKILL_FILE.read_text(encoding="utf-8")

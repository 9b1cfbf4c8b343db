"""The repository keeps the rules of `python -m tools.check`, and each rule finds what it looks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.structure.test_imports import BASE, MAY_IMPORT
from tools.check import docstrings, files, hints, names, sizes, words
from tools.check.rules import RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_repository_keeps_the_rule(rule: Callable[[], list[str]]) -> None:
    assert "\n".join(rule()) == ""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository that breaks rules."""
    package = tmp_path / "lightning_sweeps"
    package.mkdir()
    (package / "one.py").write_text('"""See `gone.py`."""\n\n\nclass Place:\n    """No period"""\n')
    (package / "two.py").write_text("class Place:\n    pass\n\n\nclass JournalBook:\n    pass\n" + "\n" * 400)
    for module in (files, names, docstrings, sizes, words):
        for function in ("text_files", "modules"):
            if hasattr(module, function):
                monkeypatch.setattr(module, function, lambda: (package / "one.py", package / "two.py"))
        if hasattr(module, "relative"):
            monkeypatch.setattr(module, "relative", lambda path: path.name)
    monkeypatch.setattr(names, "PACKAGE", package)
    return tmp_path


def test_each_rule_finds_what_it_looks_for(repository: Path) -> None:
    assert names.mentioned_modules_exist() == ["one.py:1: `gone.py`"]
    assert names.class_names_are_unique() == ["Place: one.py, two.py"]
    assert docstrings.docstrings_end_with_a_period() == ["one.py:4: No period"]
    assert docstrings.public_names_have_docstrings() == [
        "two.py: the module",
        "two.py:1: `Place`",
        "two.py:5: `JournalBook`",
    ]
    assert sizes.long_files_have_a_reason()[0] == "two.py has 406 lines"
    assert words.no_retired_words() == ["two.py:5: `journal book`, write `journal index`: class JournalBook:"]


def test_messages_that_name_files_of_the_repository_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "one.py").write_text('"""See docs/a.md."""\n\n\ndef ask():\n    """See docs/b.md."""\n')
    (tmp_path / "two.py").write_text('"""See docs/a.md."""\n\nHINT = f"{1}; docs/c.md tells"\n"""See docs/b.md."""\n')
    monkeypatch.setattr(hints, "PACKAGE", tmp_path)
    monkeypatch.setattr(hints, "modules", lambda: (tmp_path / "api" / "one.py", tmp_path / "two.py"))
    monkeypatch.setattr(hints, "relative", lambda path: path.name)
    assert hints.messages_name_no_files_of_the_repository() == ["one.py:5: `docs/b.md`", "two.py:3: `docs/c.md`"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("class JournalBook:", " class journal book "),
        ("self._is_hot = IsHot()", " self is hot is hot "),
        ("HTTPServer notebook heartbeat", " http server notebook heartbeat "),
    ],
)
def test_names_are_read_as_words(line: str, expected: str) -> None:
    assert words.pieces(line) == expected


def test_the_architecture_page_has_the_table_of_imports() -> None:
    lines = (files.ROOT / "ARCHITECTURE.md").read_text().splitlines()
    rows = [line.split("|")[1:3] for line in lines if line.startswith("| `")]
    table = {part.strip(" `"): set(imported.split()) for part, imported in rows}
    assert {
        part: imported - {"base"} | (BASE if "base" in imported else set()) for part, imported in table.items()
    } == (MAY_IMPORT)

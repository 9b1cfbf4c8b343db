"""docs/limits.md states the limits that the code has."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

LINES = (Path(__file__).parents[2] / "docs" / "limits.md").read_text().splitlines()

MEBIBYTE = 1024 * 1024
STATED = [
    ("journal.format.MAX_PAYLOAD_BYTES", MEBIBYTE, "record of a journal", "{} MiB"),
    ("journal.values.MAX_KEYS", 1, "one `log()` call", "{:,}"),
    ("journal.values.MAX_DEPTH", 1, "nested maps", "{} levels"),
    ("journal.values.MAX_LISTED", 1, "elements of a list", "{:,}"),
    ("store.batch.MAX_KEY_LENGTH", 1, "length of a key", "{} characters"),
    ("store.batch.MAX_FILES", 1, "files of one artifact", "{:,}"),
    ("sweeps.config.MAX_GRID", 1, "points of a grid", "{:,}"),
    ("store.filters.MAX_CHARACTERS", 1, "a filter", "{:,} characters"),
    ("store.filters.MAX_COMPARISONS", 1, "a filter", "{} comparisons"),
    ("store.filters.MAX_DEPTH", 1, "a filter", "{} levels"),
    ("store.runs_table.MAX_SORT_KEYS", 1, "sort keys", "{}"),
    ("server.routes.live.MAX_STREAMS", 1, "pages that one key", "{} live streams"),
    ("store.run_changes.MAX_TAGS", 1, "tags, notes", "{} tags"),
    ("store.run_changes.MAX_NOTES_LENGTH", 1, "tags, notes", "{:,}"),
    ("store.run_changes.MAX_NAME_LENGTH", 1, "tags, notes", "{} characters"),
]


@pytest.mark.parametrize(("constant", "unit", "row", "form"), STATED, ids=[one[0] for one in STATED])
def test_a_stated_limit_is_that_of_the_code(constant: str, unit: int, row: str, form: str) -> None:
    module, _, name = constant.rpartition(".")
    value = getattr(import_module(f"lightning_sweeps.{module}"), name)
    (line,) = [line for line in LINES if line.startswith("|") and row in line.split("|")[1]]
    assert form.format(value // unit) in line.split("|")[2]

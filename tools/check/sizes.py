"""Long files: one idea a file, so a file over 400 lines needs a reason."""

from __future__ import annotations

from tools.check.files import relative, text_files

MOST_LINES = 400
CODE = {".py", ".ts", ".tsx", ".css"}

REASONS = {
    "lightning_sweeps/core/settings.py": "every variable of the environment in one table",
    "dashboard/src/api/schema.ts": "generated from the server's OpenAPI document",
    "lightning_sweeps/store/migrations/versions/0001_initial.py": "one statement for each table",
    "lightning_sweeps/store/schema.py": "every table of the database in one place, as migrations are compared with it",
}
"""Files that may be longer, with the reason in words."""


def long_files_have_a_reason() -> list[str]:
    """A file of code over 400 lines is split, or tools/check/sizes.py says why not."""
    lengths = {relative(path): len(path.read_text().splitlines()) for path in text_files() if path.suffix in CODE}
    long = [
        f"{name} has {length} lines" for name, length in lengths.items() if length > MOST_LINES and name not in REASONS
    ]
    gone = [f"{name} needs no reason any more" for name in REASONS if lengths.get(name, 0) <= MOST_LINES]
    return long + gone

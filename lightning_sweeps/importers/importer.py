"""The base class of importers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar, Protocol

from lightning_sweeps.importers.imported_run import ImportedRow, ImportedRun


class FileTail(Protocol):
    """Reads a file that grows.

    Attributes:
        problem: why the file could not be read further; empty if it could.
        left_out: number of values that are not imported, by kind.
    """

    problem: str
    left_out: Counter[str]

    def read(self) -> Iterator[ImportedRow]:
        """Yield the rows that are complete and were not yielded before.

        A row counts as yielded when the next one is asked for. One whose receiver raises comes again.
        """


class Importer(ABC):
    """Reads the runs of one file format.

    A subclass sets the class attributes and implements `read`. It is created without arguments. Register it under its
    `name` in the entry point group `lightning_sweeps.importers`, and test it with
    `lightning_sweeps.testing.importer.ImporterContract`.

    Attributes:
        name: name of the format on the command line. Runs get it as a tag.
        description: description of the files for the list of formats, for example `TensorBoard event files`.
        file_patterns: shell patterns of file names, for example `("*.csv",)`. Used to find files in a folder and to
            detect the format.
        leaves_out: contents of the files that are not imported, for example `images, histograms`.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    file_patterns: ClassVar[tuple[str, ...]]
    leaves_out: ClassVar[str] = ""

    @abstractmethod
    def read(self, path: Path) -> Iterator[ImportedRun]:
        """Yield the runs in the files of `path`, a file or a folder.

        Damage in a file is not an error: yield the rows before it and set `ImportedRun.problem`.

        Raises:
            OSError: a file cannot be read.
        """

    def tail(self, file: Path) -> FileTail | None:  # noqa: ARG002
        """Return a reader of a file that grows, for `import --follow`. None: files of this format are not followed."""
        return None

    def run_name(self, file: Path, path: Path) -> str:
        """Return the name of the run of a file below `path`: that of the file's folder, as `read` names runs."""
        folder = file.parent
        name = folder.relative_to(path).as_posix() if path.is_dir() else "."
        return folder.resolve().name if name == "." else name

    def recognizes(self, file: Path) -> bool:
        """Return whether a file has this format, by its name. Override it to check the content."""
        return any(fnmatchcase(file.name, pattern) for pattern in self.file_patterns)

    def files(self, path: Path) -> list[Path]:
        """Return the recognized files below the folder `path`, sorted, or `path` itself if it is a file."""
        if not path.is_dir():
            return [path]
        return sorted(file for file in path.rglob("*") if file.is_file() and self.recognizes(file))

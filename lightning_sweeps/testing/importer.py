"""The contract test of importers.

Derive a test class, override the two fixtures, and run it with pytest::

    class TestMyImporter(ImporterContract):
        @pytest.fixture
        def importer(self) -> Importer:
            return MyImporter()

        @pytest.fixture
        def sample(self, tmp_path: Path) -> Path:
            (tmp_path / "run.my").write_text(...)
            return tmp_path
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from lightning_sweeps.importers.imported_run import ImportedRun
from lightning_sweeps.importers.importer import Importer

CUTS = 12
"""Number of lengths that each file of the sample is cut to."""
MAX_STEP = 2**63


class ImporterContract:
    """What every importer guarantees."""

    @pytest.fixture
    def importer(self) -> Importer:
        """Return the importer to test."""
        raise NotImplementedError("override the fixture `importer`")

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        """Return a folder below `tmp_path` with small files of the format that contain at least one run with rows."""
        raise NotImplementedError("override the fixture `sample`")

    def test_it_describes_itself(self, importer: Importer) -> None:
        assert importer.name and importer.name == importer.name.strip().lower()
        assert importer.description
        assert isinstance(importer.leaves_out, str)

    def test_it_recognizes_its_files_alone(self, importer: Importer, sample: Path, tmp_path: Path) -> None:
        other = tmp_path / "contract-other" / "README"
        other.parent.mkdir()
        other.write_text("This is not a file of the format.\n")
        assert importer.files(sample), "no file of the sample is recognized"
        assert not importer.recognizes(other)

    def test_it_reads_runs_with_unique_names(self, importer: Importer, sample: Path) -> None:
        runs = list(importer.read(sample))
        assert runs and any(any(run.rows_by_file.values()) for run in runs), "the sample contains no rows"
        assert all(run.name for run in runs)
        assert len({run.name for run in runs}) == len(runs)
        assert not any(run.problem for run in runs)

    def test_rows_hold_a_step_a_time_and_numbers(self, importer: Importer, sample: Path) -> None:
        for run in importer.read(sample):
            for rows in run.rows_by_file.values():
                for row in rows:
                    assert isinstance(row.step, int) and -MAX_STEP <= row.step < MAX_STEP
                    assert isinstance(row.time, float) and math.isfinite(row.time)
                    assert row.values or row.files or row.config
                    assert all(isinstance(name, str) for name in row.values)
                    assert all(isinstance(value, float) for value in row.values.values())

    def test_a_second_import_reads_the_same(self, importer: Importer, sample: Path) -> None:
        """The server recognizes a run by its name and a row by its place in the file, so neither may change."""
        assert _comparable(importer.read(sample)) == _comparable(importer.read(sample))

    def test_a_single_file_can_be_imported(self, importer: Importer, sample: Path) -> None:
        for file in importer.files(sample):
            assert list(importer.read(file))

    def test_a_cut_file_is_not_an_error(self, importer: Importer, sample: Path, tmp_path: Path) -> None:
        """A program that was killed leaves such a file; the rows before the cut are imported."""
        copy = tmp_path / "contract-cut"
        for file in importer.files(sample):
            data = file.read_bytes()
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(sample if sample.is_dir() else sample.parent, copy, ignore=_ignore_own_folders)
            target = copy / file.relative_to(sample if sample.is_dir() else sample.parent)
            for number in range(CUTS):
                target.write_bytes(data[: len(data) * number // CUTS])
                for run in importer.read(copy):
                    assert isinstance(run, ImportedRun)

    def test_a_folder_without_files_gives_no_runs(self, importer: Importer, tmp_path: Path) -> None:
        empty = tmp_path / "contract-empty"
        empty.mkdir()
        assert list(importer.read(empty)) == []


def _ignore_own_folders(folder: str, names: list[str]) -> list[str]:  # noqa: ARG001 - called by shutil
    return [name for name in names if name.startswith("contract-")]


def _comparable(runs: object) -> str:
    """Return a string that is equal for equal runs. NaN does not equal itself."""
    return repr(list(runs))  # type: ignore[call-overload]

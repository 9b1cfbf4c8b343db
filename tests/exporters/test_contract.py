"""Every exporter of the package passes the contract tests of exporters."""

from __future__ import annotations

import pytest

from lightning_sweeps.exporters import EXPORTERS
from lightning_sweeps.exporters.csv_files import CsvExporter, SafeCsvExporter
from lightning_sweeps.exporters.exporter import Exporter
from lightning_sweeps.exporters.json_lines import JsonLinesExporter
from lightning_sweeps.exporters.parquet import ParquetExporter
from lightning_sweeps.testing.exporter import ExporterContract


class TestCsvExporter(ExporterContract):
    @pytest.fixture
    def exporter(self) -> Exporter:
        return CsvExporter()


class TestSafeCsvExporter(ExporterContract):
    @pytest.fixture
    def exporter(self) -> Exporter:
        return SafeCsvExporter()


class TestJsonLinesExporter(ExporterContract):
    @pytest.fixture
    def exporter(self) -> Exporter:
        return JsonLinesExporter()


class TestParquetExporter(ExporterContract):
    @pytest.fixture
    def exporter(self) -> Exporter:
        return ParquetExporter()


@pytest.mark.parametrize("name", EXPORTERS.names())
def test_the_name_of_a_member_is_its_name_in_the_registry(name: str) -> None:
    assert EXPORTERS.get(name).name == name

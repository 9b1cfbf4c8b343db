"""Every importer of the package passes the contract tests of importers."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

from lightning_sweeps.importers import IMPORTERS
from lightning_sweeps.importers.csv_files import CsvImporter
from lightning_sweeps.importers.importer import Importer
from lightning_sweeps.importers.tensorboard import TensorBoardImporter, masked_crc
from lightning_sweeps.importers.wandb import WandbImporter
from lightning_sweeps.testing.importer import ImporterContract

WANDB_FILE = Path(__file__).parent / "files" / "run-run0f1ba9e5.wandb"


class TestCsvImporter(ImporterContract):
    @pytest.fixture
    def importer(self) -> Importer:
        return CsvImporter()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        folder = tmp_path / "logs" / "version_0"
        folder.mkdir(parents=True)
        (folder / "metrics.csv").write_text("loss,step,word\n0.5,0,a\nnan,10,\n0.25,20,b\n")
        (folder / "hparams.yaml").write_text("lr: 0.1\n")
        (tmp_path / "logs" / "other.csv").write_text("x,y\n1,2\n3,4\n")
        return tmp_path / "logs"


class TestTensorBoardImporter(ImporterContract):
    @pytest.fixture
    def importer(self) -> Importer:
        return TensorBoardImporter()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        for name in ("a", "b"):
            folder = tmp_path / "logs" / name
            folder.mkdir(parents=True)
            (folder / "events.out.tfevents.1").write_bytes(b"".join(map(event_record, range(5))))
        return tmp_path / "logs"


class TestWandbImporter(ImporterContract):
    @pytest.fixture
    def importer(self) -> Importer:
        return WandbImporter()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        folder = tmp_path / "wandb" / "offline-run-1"
        folder.mkdir(parents=True)
        shutil.copy(WANDB_FILE, folder)
        return tmp_path / "wandb"


def event_record(step: int) -> bytes:
    """Return a record of an event file: the scalar `x` = 1 at `step`."""
    value = b"\x0a\x01x\x15\x00\x00\x80\x3f"
    summary = bytes([0x0A, len(value)]) + value
    event = b"\x09" + struct.pack("<d", 1.7e9) + bytes([0x10, step, 0x2A, len(summary)]) + summary
    length = len(event).to_bytes(8, "little")
    checksums = [masked_crc(part).to_bytes(4, "little") for part in (length, event)]
    return length + checksums[0] + event + checksums[1]


@pytest.mark.parametrize("name", IMPORTERS.names())
def test_the_name_of_a_member_is_its_name_in_the_registry(name: str) -> None:
    assert IMPORTERS.get(name).name == name

"""The temporary home folder belongs to this user alone, whoever has created a folder of its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lightning_sweeps.core import temporary_home as module
from lightning_sweeps.core.temporary_home import is_private, temporary_home


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The name of this user's folder among the temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module._own_folder.cache_clear()
    return tmp_path / f"lightning-sweeps-{os.getuid()}"


def test_it_is_the_same_for_all_processes_and_private(shared: Path) -> None:
    assert temporary_home() == temporary_home() == shared
    assert is_private(shared)


def _open_to_all(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)


def _of_another_user(path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    path.mkdir(mode=0o700)
    os.chown(path, 65534, 65534)


def _link(path: Path) -> None:
    (path.parent / "elsewhere").mkdir(mode=0o700)
    path.symlink_to(path.parent / "elsewhere")


@pytest.mark.parametrize(
    "take", [_open_to_all, _of_another_user, _link, Path.touch], ids=["open", "other", "link", "file"]
)
def test_a_name_that_is_taken_is_not_used(shared: Path, take: Callable[[Path], None]) -> None:
    take(shared)
    home = temporary_home()
    assert home != shared
    assert home == temporary_home()
    assert is_private(home)

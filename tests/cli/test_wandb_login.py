"""What `login --wandb` writes is what wandb's clients read, and nothing else changes."""

from __future__ import annotations

import configparser
import netrc
from pathlib import Path

import pytest

from lightning_sweeps.cli.wandb_login import write_login
from lightning_sweeps.core.paths import WandbClientFiles
from lightning_sweeps.errors import UsageError


def read_key(files: WandbClientFiles, machine: str) -> str | None:
    found = netrc.netrc(files.netrc).authenticators(machine)
    return None if found is None else found[2]


def test_the_login_is_written_and_replaced_and_other_entries_stay(tmp_path: Path) -> None:
    files = WandbClientFiles(tmp_path)
    files.netrc.write_text("machine other.org\n  login me\n  password secret\n")
    files.netrc.chmod(0o600)
    files.settings.parent.mkdir(parents=True)
    files.settings.write_text("[default]\nproject = digits\n")
    for key in ("ls_1", "ls_2"):
        write_login(files, "http://gpu1:8800", key)
        assert read_key(files, "gpu1:8800") == key
    assert read_key(files, "other.org") == "secret"
    assert files.netrc.read_text().count("gpu1:8800") == 1
    assert files.netrc.stat().st_mode & 0o777 == 0o600
    settings = configparser.ConfigParser()
    settings.read(files.settings)
    assert dict(settings["default"]) == {"project": "digits", "base_url": "http://gpu1:8800"}


def test_a_key_that_clients_refuse_and_damaged_files_are_named(tmp_path: Path) -> None:
    files = WandbClientFiles(tmp_path)
    with pytest.raises(UsageError, match="with a `-`"):
        write_login(files, "http://gpu1", "a-b")
    files.netrc.write_text("machine\n")
    with pytest.raises(UsageError, match="is damaged"):
        write_login(files, "http://gpu1", "ls_1")
    assert files.netrc.read_text() == "machine\n"

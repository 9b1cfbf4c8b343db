"""A home folder and its files belong to this user, and nobody else can read or replace them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from lightning_sweeps.client.connection import connect, find_server
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.ownership import check_folder, file_problem, folder_problem
from lightning_sweeps.core.paths import Home, make_private_folder, one_name, open_private
from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.process.serve import serve
from tests.homes import empty_home
from tests.servers import running_server, wait_until
from tests.service.services import running_service

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
LOG = "run = ls.init()\nfor _ in range(50): run.log({'x': 1})\nls.finish()\nprint(run.lost_rows)"


def log_rows(variables: dict[str, str], *, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
    code = f"import os; os.umask({umask}); import lightning_sweeps as ls\n{LOG}"
    return subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, timeout=120, check=True
    )


@as_root
def test_a_home_of_another_user_gets_no_rows_and_its_server_no_key(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    process = psutil.Process()
    fake = ServerFile("http://127.0.0.1:9", "key", process.pid, process.create_time(), "1")
    Home(home).server_file.write_bytes(msgspec.json.encode(fake))
    for path in (home, Home(home).server_file):
        os.chown(path, NOBODY, NOBODY)
    home.chmod(0o777)
    done = log_rows({**environment(), "LIGHTNING_SWEEPS_HOME": str(home), "TMPDIR": str(tmp_path)})
    assert done.stdout.split() == ["0"] and done.stderr.count(f"another user (uid {NOBODY}") == 1
    assert list(home.glob("**/*.journal")) == []
    assert len(list((tmp_path / f"lightning-sweeps-{os.getuid()}").glob("**/*.journal"))) == 1
    for use in (lambda: find_server(read_settings()), connect, lambda: serve(Home(home))):
        with pytest.raises(UsageError, match="cannot be used: it belongs to another user"):
            use()
    service = [sys.executable, "-m", "lightning_sweeps.service", "--home", str(home)]
    refused = subprocess.run(service, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2 and "another user" in refused.stderr


@as_root
@pytest.mark.parametrize("name", ["server.json", "logins"])
def test_a_file_of_another_user_in_the_own_home_is_refused(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir(mode=0o700)
    path = Home(home).server_file if name == "server.json" else Home(home).logins
    path.write_bytes(b"{}")
    os.chown(path, NOBODY, NOBODY)
    if name == "logins":
        monkeypatch.setenv("LIGHTNING_SWEEPS_URL", "http://127.0.0.1:9")
    with pytest.raises(UsageError, match="belongs to another user"):
        find_server(read_settings())


@as_root
def test_a_journal_of_another_user_is_not_uploaded(home: Path) -> None:
    log_rows({**environment(), "LIGHTNING_SWEEPS_HOME": str(home)})
    log_rows({**environment(), "LIGHTNING_SWEEPS_HOME": str(home)})
    own, foreign = sorted(Home(home).journals.glob("*.journal"))
    os.chown(foreign, NOBODY, NOBODY)
    with running_server(home), running_service(home):
        wait_until(lambda: not own.exists(), what="the upload of the own journal")
        wait_until(lambda: Home(home).rejection(foreign.stem).exists(), what="the note about the other one")
    assert "belongs to another user" in Home(home).rejection(foreign.stem).read_text()
    assert foreign.exists()


def test_a_home_that_others_may_write_is_closed_to_them(home: Path) -> None:
    home.mkdir()
    home.chmod(0o777)
    assert folder_problem(home) == "" and home.stat().st_mode & 0o777 == 0o755
    check_folder(home / "new")
    link = home / "link"
    link.symlink_to("/etc/passwd")
    assert file_problem(link) == "it is not a regular file"
    shared = home / "shared"
    shared.touch()
    shared.chmod(0o666)
    assert file_problem(shared) == "others may write to it"


@pytest.mark.parametrize("umask", [0, 0o022, 0o077], ids=oct)
def test_every_file_of_a_home_is_private_whatever_the_umask_is(tmp_path: Path, umask: int) -> None:
    with empty_home(tmp_path) as variables:
        log_rows(variables, umask=umask)
        root = Path(variables["LIGHTNING_SWEEPS_HOME"])
        wait_until(Home(root).server_file.exists, what="the server")
        wait_until(lambda: any(root.glob("service-*.json")), what="the service")
        modes = {str(path.relative_to(tmp_path)): mode for path in [root, *root.rglob("*")] if (mode := mode_of(path))}
    assert len(modes) > 10
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def mode_of(path: Path) -> int | None:
    """Return the permissions of a file, or None if it was deleted meanwhile."""
    try:
        return path.lstat().st_mode & 0o777
    except FileNotFoundError:
        return None


def test_new_folders_and_logs_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private_folder(tmp_path / "a" / "b" / "c")
        log = tmp_path / "a" / "log"
        log.touch(0o666)
        open_private(log).close()
        open_private(tmp_path / "a" / "new").close()
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*")}
    assert modes == {"b": 0o700, "c": 0o700, "log": 0o600, "new": 0o600}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("text", ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\0b"], ids=repr)
def test_an_id_that_leaves_its_folder_names_no_file(text: str) -> None:
    home = Home(Path("/nowhere"))
    for name in (home.stop, home.trial, home.journal, home.rejection, home.attempts, one_name):
        with pytest.raises(UsageError, match="is not an id"):
            name(text)

"""Gives every test its own home folder, and checks that no test leaks."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

from lightning_sweeps.core.settings import PREFIX
from tests.exclusive import ExclusiveLock
from tests.servers import database, empty_database, migrated_file, migrated_url, postgres

END_OF_THREADS_S = 5.0
END_OF_DAEMONS_S = 10.0
EXCLUSIVE = pytest.StashKey[ExclusiveLock]()

__all__ = [
    "daemon_check",
    "database",
    "empty_database",
    "home",
    "leak_check",
    "migrated_file",
    "migrated_url",
    "postgres",
]


def pytest_collection_finish() -> None:
    """Freeze all existing objects, so that the leak check collects only what tests make.

    With torch loaded, a full garbage collection takes 0.3 s.
    """
    gc.collect()
    gc.freeze()


settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")  # a busy machine must not fail a test


def pytest_configure(config: pytest.Config) -> None:
    os.environ[f"{PREFIX}SERVICE"] = "off"  # for fixtures of modules, which come before the home folder of a test
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is not None:  # one of several processes
        config.stash[EXCLUSIVE] = ExclusiveLock.of_run(run)


def pytest_unconfigure(config: pytest.Config) -> None:
    lock = config.stash.get(EXCLUSIVE, None)
    if lock is not None:
        lock.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Run a test marked `alone` when no other process runs a test."""
    lock = item.config.stash.get(EXCLUSIVE, None)
    if lock is None:
        return (yield)
    with lock.hold(alone=_is_alone(item), next_alone=_is_alone(nextitem)):
        return (yield)


def _is_alone(item: pytest.Item | None) -> bool:
    return item is not None and item.get_closest_marker("alone") is not None


@pytest.fixture(autouse=True, scope="session")
def daemon_check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail the session if tests left servers or services in the background. Their home folders name the tests."""
    yield
    folder = str(tmp_path_factory.getbasetemp())
    deadline = time.monotonic() + END_OF_DAEMONS_S
    while (left := _daemons(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    commands = [" ".join(process.info["cmdline"]) for process in left]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert not commands, "tests left servers or services behind"


@pytest.fixture(autouse=True)
def leak_check() -> Iterator[None]:
    """Fail a test that leaves an environment variable, a thread, a child process or an open file behind."""
    variables, threads, children, files = _variables(), _threads(), _children(), _open_files()
    yield
    gc.collect()
    gc.freeze()  # living objects now belong to the module or the session; the next test's collection skips them
    assert _variables() == variables, "the test leaked environment variables"
    _wait_for_ending_threads(threads)
    assert _threads() <= threads, "the test left threads behind"
    assert _children() <= children, "the test left child processes behind"
    assert _open_files() <= files, "the test left files open"


@pytest.fixture(autouse=True)
def home(leak_check: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set a new home folder for the test. No test touches the user's home, and no service starts by itself."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv(f"{PREFIX}HOME", str(folder))
    monkeypatch.setenv(f"{PREFIX}SERVICE", "off")
    monkeypatch.setenv(f"{PREFIX}QUIET", "on")
    return folder


def _daemons(folder: str) -> list[psutil.Process]:
    """Return the processes with a path below this folder among their arguments, except for this one's children."""
    found = psutil.process_iter(["pid", "cmdline"])
    own = {os.getpid(), *_children()}
    return [
        process
        for process in found
        if process.pid not in own and any(word.startswith(folder) for word in process.info["cmdline"] or ())
    ]


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def _wait_for_ending_threads(allowed: set[str]) -> None:
    """Wait for threads that were told to end but are not joined, such as anyio's."""
    deadline = time.monotonic() + END_OF_THREADS_S
    while not _threads() <= allowed and time.monotonic() < deadline:
        time.sleep(0.01)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def _open_files() -> set[str]:
    """Return the open files, except the file for stacks, which a process that logs keeps open until it ends."""
    return {file.path for file in psutil.Process().open_files() if Path(file.path).parent.name != "stacks"}


SLOW_FIXTURES = frozenset({"chromium"})
"""Fixtures that make a test slow: a real browser."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that are slow because of what they use."""
    for item in items:
        if SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--wandb-versions",
        default="",
        help="versions of wandb to test with beside the newest, such as `0.19,0.25`, or `all`",
    )
    parser.addoption(
        "--all-clients",
        action="store_true",
        help="test also with clients that are large, and are not installed otherwise: MLflow 2, SkyPilot, dstack",
    )
    parser.addoption("--examples", type=int, default=500, help="how many calls with strange arguments to try")
    parser.addoption(
        "--write-reliability", action="store_true", help="write docs/reliability.md from the faults of this session"
    )
    parser.addoption(
        "--long-faults", action="store_true", help="let each fault last for minutes; half an hour in total"
    )

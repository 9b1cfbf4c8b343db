"""Run and the module-level functions: what they write, in this process and in others."""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lightning_sweeps
from lightning_sweeps.errors import SettingError, UsageError
from lightning_sweeps.journal.format import decode
from lightning_sweeps.journal.reader import read_header, read_part
from lightning_sweeps.journal.records import Config, Finish, Metrics, Record, Summary
from lightning_sweeps.sdk.run import Run


def journals(home: Path, folder: str = "journals") -> list[Path]:
    return sorted((home / folder).glob("*.journal"))


def records(path: Path) -> list[Record]:
    return list(read_part(path, 0, limit_bytes=1 << 20).records)


def rows(path: Path) -> list[Metrics]:
    return [record for record in records(path) if isinstance(record, Metrics)]


def finish_of(path: Path) -> Finish:
    last = records(path)[-1]
    assert isinstance(last, Finish)
    return last


def run_script(code: str, *, status: int = 0) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    return done.stderr


def test_a_run_from_init_to_finish(home: Path) -> None:
    run = lightning_sweeps.init(project="p", name="n", config={"lr": 1e-3, "odd": Path("x")}, tags=["a"])
    lightning_sweeps.log({"loss": 0.5})
    run.log({"loss": np.float32(0.25), "deep": {"x": True}}, step=7)
    run.log({"loss": math.nan})
    run.config.update(extra=[1, 2])
    run.summary["best"] = 0.25
    lightning_sweeps.finish()

    (path,) = journals(home)
    header = read_header(path)
    assert header is not None
    assert header.run is not None
    assert (header.run.project, header.run.name, header.run.config, header.run.tags) == (
        "p",
        "n",
        {"lr": 1e-3, "odd": "x"},
        ["a"],
    )
    assert header.process.pid == os.getpid()
    _, first, second, third, config, summary, finish = records(path)
    assert isinstance(first, Metrics)
    assert (first.sequence, first.step, first.values) == (1, 0, {"loss": 0.5})
    assert isinstance(second, Metrics)
    assert (second.sequence, second.step, second.values) == (2, 7, {"loss": 0.25, "deep": {"x": True}})
    assert isinstance(third, Metrics)
    assert third.step == 8
    assert math.isnan(third.values["loss"])
    assert config == Config(4, config.time, {"extra": [1, 2]}) if isinstance(config, Config) else False
    assert isinstance(summary, Summary)
    assert isinstance(finish, Finish)
    assert (finish.state, finish.writer) == ("finished", "run")


def test_every_log_call_is_one_write(home: Path) -> None:
    run = lightning_sweeps.init()
    (path,) = journals(home)
    sizes = [path.stat().st_size]
    for _ in range(3):
        run.log({"x": 1.0})
        sizes.append(path.stat().st_size)
    run.finish()
    assert len(set(sizes)) == 4, "each row is in the file when log() returns"


def test_a_log_after_finish_reopens_the_run(home: Path) -> None:
    run = lightning_sweeps.init()
    run.log({"x": 1})
    run.finish()
    run.log({"x": 2})
    run.finish()
    found = [(read_header(path), rows(path)) for path in journals(home)]
    assert len(found) == 2
    assert {header.run.id for header, _ in found if header and header.run} == {run.id}


def test_steps_may_repeat_and_go_back(home: Path) -> None:
    run = lightning_sweeps.init()
    for step in (5, 5, 2, 9):
        run.log({"x": 1}, step=step)
    run.finish()
    assert [row.step for row in rows(journals(home)[0])] == [5, 5, 2, 9]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({1: 2.0}, {1: 2.0}),
        ({(1, 2): 2.0, "x": 1}, {(1, 2): 2.0, "x": 1}),
        ({object: 2.0, "big": 2**70}, {str(object): 2.0, "big": float(2**70)}),
        ({"big": 2**70}, {"big": float(2**70)}),
        ({"array": np.arange(3), "x": 1.0}, {"x": 1.0}),
        ({"object": object(), "x": 1.0}, {"x": 1.0}),
        ({"text": "\ud800", "x": 1.0}, {"text": "?", "x": 1.0}),
        ("no map", {}),
        ({"one": np.array([2.5])}, {"one": 2.5}),
    ],
)
def test_unsupported_values_never_raise_and_the_rest_of_the_row_is_logged(
    home: Path, caplog: pytest.LogCaptureFixture, values: Any, kept: dict[Any, Any]
) -> None:
    run = lightning_sweeps.init()
    with caplog.at_level(logging.WARNING, "lightning_sweeps"):
        run.log(values)
        run.log(values)
    run.finish()
    first, second = rows(journals(home)[0])
    assert first.values == second.values == kept
    assert len(caplog.records) <= 1, "logged once"


def test_a_cycle_does_not_break_the_training_loop(home: Path) -> None:
    loop: dict[str, Any] = {"x": 1.0}
    loop["loop"] = loop
    run = lightning_sweeps.init()
    run.log(loop)
    run.finish()
    assert rows(journals(home)[0])[0].values["x"] == 1.0


def test_a_fork_writes_its_own_journal(home: Path) -> None:
    run = lightning_sweeps.init()
    run.log({"who": 0})
    child = os.fork()
    if child == 0:
        run.log({"who": 1})
        os._exit(0)
    os.waitpid(child, 0)
    run.log({"who": 0})
    run.finish()
    by_size = {tuple(row.values["who"] for row in rows(path)) for path in journals(home)}
    assert by_size == {(0, 0), (1,)}
    assert {header.run.id for path in journals(home) if (header := read_header(path)) and header.run} == {run.id}


def _log_in_child(run: Run, number: int) -> None:
    run.log({"number": number})
    run.finish()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_run_passed_to_processes_logs_from_each_of_them(home: Path, method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    run = lightning_sweeps.init()
    processes = [context.Process(target=_log_in_child, args=(run, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    run.finish()
    if method == "forkserver":
        _stop_fork_server()
    if method != "fork":
        _stop_resource_tracker()
    numbers = sorted(row.values["number"] for path in journals(home) for row in rows(path))
    assert numbers == [0, 1, 2]


def _stop_fork_server() -> None:
    from multiprocessing import forkserver

    forkserver._forkserver._stop()  # type: ignore[attr-defined]


def _stop_resource_tracker() -> None:
    from multiprocessing import resource_tracker

    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


def test_a_pickled_run_continues_the_same_run(home: Path) -> None:
    run = lightning_sweeps.init()
    run.log({"x": 1})
    copy = pickle.loads(pickle.dumps(run))  # noqa: S301
    copy.log({"x": 2})
    assert (copy.id, copy.group) == (run.id, run.group)
    copy.finish()
    run.finish()
    assert sorted(row.values["x"] for path in journals(home) for row in rows(path)) == [1, 2]


def test_threads_that_log_at_once_lose_no_row(home: Path) -> None:
    run = lightning_sweeps.init()

    def work(number: int) -> None:
        for count in range(200):
            run.log({"thread": number, "count": count})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    found = rows(journals(home)[0])
    assert [row.sequence for row in found] == list(range(1, 801))
    for number in range(4):
        assert [row.values["count"] for row in found if row.values["thread"] == number] == list(range(200))


def test_a_signal_handler_may_log(home: Path) -> None:
    run = lightning_sweeps.init()
    previous = signal.signal(signal.SIGALRM, lambda *_: run.log({"from": "handler"}))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    for _ in range(5_000):
        run.log({"from": "main"})
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, previous)
    run.finish()
    found = rows(journals(home)[0])
    assert sum(row.values["from"] == "main" for row in found) == 5_000
    assert sum(row.values["from"] == "handler" for row in found) > 0


def test_a_second_init_finishes_the_first_run(home: Path) -> None:
    first = lightning_sweeps.init()
    second = lightning_sweeps.init()
    lightning_sweeps.finish()
    assert first.is_finished
    assert first.id != second.id
    assert len(journals(home)) == 2


@pytest.mark.parametrize(
    ("end", "status", "state", "reason"),
    [
        ("", 0, "finished", ""),
        ("raise ValueError('bad value')", 1, "failed", "ValueError: bad value"),
        ("raise KeyboardInterrupt", -2, "killed", "interrupted from the keyboard"),
    ],
)
def test_the_exit_of_the_interpreter_ends_the_run(home: Path, end: str, status: int, state: str, reason: str) -> None:
    run_script(f"import lightning_sweeps as ls; ls.init().log({{'x': 1}}); {end}", status=status)
    finish = finish_of(journals(home)[0])
    assert (finish.state, finish.reason, finish.writer) == (state, reason, "exit")


def test_a_context_manager_records_the_exception(home: Path) -> None:
    with pytest.raises(ZeroDivisionError), lightning_sweeps.init():
        _ = 1 / 0
    assert finish_of(journals(home)[0]).reason == "ZeroDivisionError: division by zero"


@pytest.mark.fault
def test_logging_continues_after_a_full_disk_is_freed(home: Path) -> None:
    """A limit of the file size causes the same short and failed writes as a full disk."""
    code = """
import resource, lightning_sweeps as ls
run = ls.init()
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for number in range(40):
    run.log({"number": number})
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
for number in range(40, 80):
    run.log({"number": number})
lost = run.lost_rows
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
for number in range(80, 90):
    run.log({"number": number})
run.finish()
print(lost, run.lost_rows)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lost, lost_in_all = map(int, done.stdout.split())
    assert 0 < lost == lost_in_all < 50
    assert done.stderr.count(" once)") == 1
    (path,) = journals(home)
    numbers = [row.values["number"] for row in rows(path)]
    assert len(numbers) == 90 - lost
    assert numbers[-10:] == list(range(80, 90))
    assert f"{lost} rows could not be written" in finish_of(path).reason
    assert all(hasattr(item, "record") for item in decode(path.read_bytes(), 8)), "the incomplete row was removed"


@pytest.mark.fault
@pytest.mark.parametrize("kind", ["a file", "below a file", "nobody"])
def test_a_home_that_cannot_be_written_is_replaced_by_a_temporary_one(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    home = {"a file": file, "below a file": file / "home", "nobody": Path("/proc/home")}[kind]
    code = (
        f"import os; os.environ['LIGHTNING_SWEEPS_HOME'] = {str(home)!r}\n"
        f"os.environ['TMPDIR'] = {str(tmp_path)!r}\n"
        "import lightning_sweeps as ls\n"
        "run = ls.init()\n"
        "for _ in range(100): run.log({'x': 1})\n"
        "ls.finish()\n"
        "assert run.lost_rows == 0\n"
    )
    assert run_script(code).count("cannot be used") == 1
    [path] = journals(tmp_path / f"lightning-sweeps-{os.getuid()}")
    assert len(rows(path)) == 100


def test_disabled_mode_touches_no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_MODE", "disabled")
    run = lightning_sweeps.init(config={"a": 1})
    run.log({"x": 1})
    run.summary["y"] = 2
    run.finish()
    assert not home.exists()
    assert not run.is_recording


def test_offline_mode_writes_where_the_service_does_not_look(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_MODE", "offline")
    run = lightning_sweeps.init()
    run.log({"x": 1})
    run.finish()
    assert len(journals(home, "offline")) == 1
    assert journals(home) == []


RANKS: list[tuple[str, int, Callable[[set[str]], bool]]] = [
    ("single", 1, lambda ids: len(ids) == 1),
    ("grouped", 2, lambda ids: len(ids) == 2),
    ("shared", 2, lambda ids: len(ids) == 1),
]


@pytest.mark.parametrize(("mode", "files", "ids_fit"), RANKS)
def test_which_ranks_write_in_each_mode(home: Path, mode: str, files: int, ids_fit: Callable[[set[str]], bool]) -> None:
    for rank in range(2):
        code = (
            "import os; os.environ.update(WORLD_SIZE='2', TORCHELASTIC_RUN_ID='job')\n"
            f"os.environ.update(RANK='{rank}', LOCAL_RANK='{rank}')\n"
            f"import lightning_sweeps as ls; run = ls.init(mode={mode!r}); run.log({{'rank': {rank}}}); ls.finish()"
        )
        run_script(code)
    headers = [header for path in journals(home) if (header := read_header(path)) is not None]
    assert len(headers) == files
    assert ids_fit({header.run.id for header in headers if header.run})
    assert len({header.run.group for header in headers if header.run}) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lightning_sweeps.log({"x": 1}), UsageError, "`log` was called before `init`"),
        (lambda: lightning_sweeps.init(mode="many"), UsageError, "`mode` is `many`, allowed: single, grouped, shared"),  # type: ignore[arg-type]
    ],
)
def test_wrong_use_raises_with_what_is_allowed(
    call: Callable[[], object], error: type[Exception], message: str
) -> None:
    lightning_sweeps.finish()
    with pytest.raises(error, match=message):
        call()


def test_a_wrong_setting_raises_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_MODE", "of")
    with pytest.raises(SettingError, match="`LIGHTNING_SWEEPS_MODE` is `of`, allowed: online, offline, disabled"):
        lightning_sweeps.init()


def test_an_unreadable_trial_file_raises(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_TRIAL", str(tmp_path / "none.json"))
    with pytest.raises(SettingError, match=r"none\.json"):
        lightning_sweeps.current_trial()


def test_require_service_is_accepted_for_scripts_written_for_wandb() -> None:
    lightning_sweeps.require("service")
    with pytest.raises(UsageError, match="allowed: 'service'"):
        lightning_sweeps.require("core")

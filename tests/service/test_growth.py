"""The service does not grow with the number of runs."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.servers import running_server, wait_until
from tests.service.services import run_program, running_service
from tests.service.test_service import journal_files_of_runs

FORKS = """
import time
for number in range({count}):
    child = os.fork()
    if child == 0:
        run = ls.init("many", name=str(number))
        for step in range(20): run.log({{"x": step, "y": step}})
        ls.finish()
        os._exit(0)
    os.waitpid(child, 0)
"""
WARM_UP = 20
COUNT = 80
MEMORY_GROWTH_BYTES = 8e6
"""Allocators keep some freed memory; a leak per run would be far larger."""


@pytest.mark.slow
@pytest.mark.fault
def test_many_runs_leak_no_descriptor_thread_journal_or_memory(home: Path) -> None:
    with running_server(home) as (client, _), running_service(home) as process:
        service = psutil.Process(process.pid)

        def make_runs(count: int) -> None:
            known = client.runs(project="many").total
            assert run_program(home, FORKS.format(count=count)).wait(120) == 0
            wait_until(lambda: client.runs(project="many").total == known + count, timeout_s=60, what="all runs")
            wait_until(lambda: journal_files_of_runs(home) == [], timeout_s=60, what="the journals' end")

        make_runs(WARM_UP)
        before = service.num_fds(), service.num_threads()
        memory_before = service.memory_info().rss
        make_runs(COUNT)
        assert (service.num_fds(), service.num_threads()) <= before
        assert service.memory_info().rss - memory_before < MEMORY_GROWTH_BYTES
        assert {run.state for run in client.runs(project="many", limit=1000).runs} == {"finished"}
        assert list((home / "stacks").glob("*")) == []

"""An open page updates while a real fit of two ranks runs: states, rows and lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.service_lock import is_held
from tests.dashboard.browser import Browser
from tests.servers import running_server, wait_until
from tests.trainer.programs import PROGRAMS, order_stop, start_program, wait_for, write_trial

GROUP = "/groups/swept/t-1"
FIT_S = 120
VARIABLES = {
    "LIGHTNING_SWEEPS_SERVICE": "process",
    "LIGHTNING_SWEEPS_IDLE_EXIT_S": "1",
    "LIGHTNING_SWEEPS_SAMPLE_INTERVAL_S": "1",
}

pytestmark = pytest.mark.launch


def last_step(page: Browser) -> int:
    """Return the step at the right end of the loss chart; -1 if it is empty."""
    if page.count(".chart .u-over") == 0:
        return -1
    box = page.box(".chart .u-over")
    page.hover(box["x"] + box["width"] - 2, box["y"] + 20)
    found = re.search(r"step (\d+)", page.text(".readout"))
    return int(found[1]) if found and "rank 1" in page.text(".readout") else -1


def test_page_follows_a_fit_of_two_ranks(chromium: Browser, tmp_path: Path) -> None:
    home = tmp_path / "home"
    trial = write_trial(home, {"lr": 0.1})
    with running_server(home) as (client, _):
        chromium.log_in(client)
        chromium.see("Nothing is logged here yet")
        program = start_program(PROGRAMS / "endless.py", home=home, LIGHTNING_SWEEPS_TRIAL=str(trial), **VARIABLES)
        with program as process:
            chromium.wait(lambda: "2 ranks" in chromium.text(), what="both ranks, by themselves", timeout_s=FIT_S)
            chromium.go(f"{client.url}{GROUP}?keys=^loss$")
            chromium.see("2 running", ".facts")
            chromium.wait(lambda: last_step(chromium) >= 0, what="the lines of both ranks", timeout_s=FIT_S)
            first = last_step(chromium)
            chromium.wait(lambda: last_step(chromium) > first, what="later steps", timeout_s=FIT_S)
            for run in client.runs(group="t-1").runs:
                order_stop(home, run.id, "ended by the test")
            wait_for(process)
            chromium.wait(lambda: "2 stopped" in chromium.text(".facts"), what="the end", timeout_s=FIT_S)
        wait_until(lambda: not is_held(Home(home)), timeout_s=FIT_S, what="the service's own end")

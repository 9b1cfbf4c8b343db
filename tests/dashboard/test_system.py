"""System metrics and GPU users in a real browser, with a real service on a machine with fake GPUs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import write_whole
from lightning_sweeps.system.node import node_id
from tests.dashboard.axe import violations
from tests.dashboard.browser import Browser
from tests.fakes.gpus import GIB, fake_nvml_environment
from tests.servers import running_server, wait_until
from tests.service.services import run_program, running_service

CHARTS = "[...document.querySelectorAll('.section')].find((one) => one.innerText.includes(arguments[0]))"
EMPTY = f"const at = {CHARTS}; return at ? at.querySelectorAll('.plot-empty').length : -1"
DRAWN = f"return {CHARTS}?.querySelectorAll('.chart .u-over').length ?? 0"
ROW = "[...document.querySelectorAll('.gpus tbody tr')].find((one) => one.cells[0].innerText.startsWith(arguments[0]))"
USED_BY = f"return {ROW}?.cells[5].innerText ?? ''"
RANKS = """
os.environ.update(WORLD_SIZE='2', TORCHELASTIC_RUN_ID='job-system')
child = os.fork()
rank = int(child == 0)
os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank))
ls.init(project='system', name=f'rank-{rank}').log(dict(loss=1.0), step=1)
sys.stdin.read()
if child: os.waitpid(child, 0)
"""


@dataclass(frozen=True, slots=True)
class Lab:
    """A logged-in page and two running ranks: one was given a GPU, the other a part of one."""

    page: Browser
    client: Client
    held: Path
    ranks: dict[int, m.RunDetails]

    def go(self, path: str) -> Browser:
        self.page.go(self.client.url + path)
        return self.page


@pytest.fixture(scope="module")
def lab(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    held = folder / "held.json"
    variables = fake_nvml_environment(gpus=3, mig={1: [0, 1]}, processes_file=held, name="Imagined <b>H100</b>")
    own = {name: variables[name] for name in ("FAKE_NVML", "PYTHONPATH")}
    given = "GPU-00a1,MIG-101a1b2c3"  # the beginnings of UUIDs, as CUDA takes them
    with running_server(folder / "home") as (client, _), running_service(folder / "home", **own):
        code = f"os.environ['CUDA_VISIBLE_DEVICES'] = '{given}'\n{RANKS}"
        with run_program(folder / "home", code, stdin=-1) as program:
            wait_until(lambda: len(client.runs(project="system").runs) == 2, what="both ranks")
            ranks = {run.rank: run for run in client.runs(project="system").runs}
            wait_until(lambda: all(client.keys(f"process:{run.id}") for run in ranks.values()), what="their samples")
            chromium.log_in(client)
            chromium.complaints()
            yield Lab(chromium, client, held, ranks)
            program.communicate()


def test_system_tab_shows_processes_above_the_node(lab: Lab) -> None:
    page = lab.go(f"/runs/{lab.ranks[0].id}?view=System")
    page.see("This run's processes")
    page.see("4 \u00d7 Imagined <b>H100</b>")
    page.wait(
        lambda: page.run(EMPTY, "This run's processes") == 0 and page.run(DRAWN, "This run's processes") >= 4,
        what="charts of the processes",
    )
    for title in ("CPU (100 % is one core)", "Memory (resident)", "Threads", "Child processes"):
        assert title in page.text()
    lab.go(f"/runs/{lab.ranks[0].id}?view=Charts")
    page.wait(lambda: page.count(".chart") == 1, what="the chart of what was logged, and no other")


def test_gpus_assigned_by_uuid_are_marked(lab: Lab) -> None:
    page = lab.go(f"/runs/{lab.ranks[0].id}?view=System")
    page.see("this run's: GPU 0")
    lab.go(f"/runs/{lab.ranks[1].id}?view=System")
    page.see("this run's: GPU 1:1")


def test_system_charts_show_all_ranks(lab: Lab) -> None:
    page = lab.go(f"/groups/system/{lab.ranks[0].group}?view=System")
    title = "Processes of each rank"
    page.see(title)
    lines = "return document.querySelector(\"[aria-label='Chart of Memory (resident)'] .u-over\") !== null"
    page.wait(lambda: bool(page.run(lines)), what="the chart of memory")
    box = page.box("[aria-label='Chart of Memory (resident)'] .u-over")

    def told() -> str:
        page.hover(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
        return page.text("[aria-label='Chart of Memory (resident)'] .readout")

    page.wait(lambda: "rank 0" in told() and "rank 1" in told(), what="both ranks under the pointer")


def test_nodes_page_shows_gpu_users(lab: Lab) -> None:
    page = lab.go("/nodes")
    page.wait(lambda: "rank-0" in page.run(USED_BY, "0"), what="rank 0 on its GPU")
    page.wait(lambda: "rank-1" in page.run(USED_BY, "1:1"), what="rank 1 on its part")
    page.wait(lambda: "idle" in page.run(USED_BY, "1:0"), what="the idle part")
    page.see("2 used by runs, 2 idle", ".facts")
    write_whole(lab.held, json.dumps({"2": {"1": 40 * GIB}}).encode())
    page.wait(lambda: "not a run of this server" in page.run(USED_BY, "2"), what="what others do")
    page.see("42.9 GB of 85.9 GB")
    write_whole(lab.held, b"{}")
    page.wait(lambda: "idle" in page.run(USED_BY, "2"), what="the end of what others did")


def test_nodes_page_shows_agents_and_leases(lab: Lab) -> None:
    config = {"program": "x.py", "method": "random", "metric": {"name": "l"}, "parameters": {"a": {"min": 0, "max": 9}}}
    sweep = lab.client.create_sweep(m.SweepCreate(config, project="system", name="who waits")).id
    first = lab.client.register_agent(sweep, m.AgentRegister("lab", node_id(), 41, 0, ["2"])).agent
    lab.client.register_agent(sweep, m.AgentRegister("far", "node-far", 42, 0))
    page = lab.go("/nodes")
    page.wait(lambda: "reserved for who waits" in page.run(USED_BY, "2"), what="a GPU that waits for a trial")
    trial = lab.client.lease(first.id, wait_s=5).trial
    assert trial is not None
    lab.client.start_trial(first.id, trial.id)
    page.wait(lambda: "has not logged anything yet" in page.run(USED_BY, "2"), what="the trial")
    page.see("s left")
    page.see("only agents; no run has logged there")
    page.see("1 working, 1 waiting or lost", ".facts")
    lab.client.set_sweep_state(sweep, "cancelled")
    page.wait(lambda: "idle" in page.run(USED_BY, "2"), what="the end of the sweep")


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_pages_meet_wcag_a_and_aa(lab: Lab, is_dark: bool) -> None:
    lab.page.set_dark(is_dark)
    for path in ("/nodes", f"/runs/{lab.ranks[0].id}?view=System", f"/groups/system/{lab.ranks[0].group}?view=System"):
        page = lab.go(path)
        page.wait(lambda page=page: page.count(".chart .u-over") > 3, what=f"the charts of {path}")  # type: ignore[misc]
        assert violations(page) == []
        assert page.complaints() == []
    lab.page.set_dark(False)

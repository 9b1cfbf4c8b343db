"""The other tabs of a run in a real browser: media, files, environment, tags and notes, stacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.journal.records import NodeInfo, Stall
from tests.dashboard.axe import violations
from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.contents import STEPS, log_all
from tests.dashboard.fixtures import EVIL, Examples, Writer, build_sweep, run_info
from tests.servers import running_server

RUN = "/runs/run-full"


@pytest.fixture(scope="module")
def full(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDashboard]:
    """Run a server with a run that has logged everything, and a sweep, and log in."""
    with running_server(tmp_path_factory.mktemp("server")) as (client, _):
        run = Writer(client, run_info("full", tags=["first"], gpus=["1"], config={"lr": 0.1, "net": {"depth": 3}}))
        log_all(client, run)
        Writer(client, run_info("other", config={"lr": 0.2, "net": {"depth": 3}})).log(1, loss=1.0).finish().send()
        node = Writer(client, node=NodeInfo("node-1", "host-1", 4, 2**34, ["GPU A", "GPU B"]))
        for at in range(30):
            node.row(at, {f"gpu.{gpu}.utilization_percent": 40.0 + 20 * gpu for gpu in (0, 1)})
        stacks = 'Thread 1 (most recent call first):\n  File "train.py", line 7 in wait_for_rank_1'
        node.add(Stall(99, node.started, "run-full", 0, node.started, "rank 0 waits in all_reduce", stacks))
        node.send()
        chromium.log_in(client)
        chromium.complaints()
        yield OpenDashboard(chromium, client, Examples(build_sweep(client), "", "run-full"))


def test_embedded_view_shows_media_without_a_cookie(full: OpenDashboard) -> None:
    ticket = full.client.view_ticket()
    page = full.go(f"{ticket.path}runs/run-full?view=Media#{ticket.ticket}")
    loaded = "return [...document.querySelectorAll('.media img')].filter((one) => one.naturalWidth === 48)"
    page.wait(lambda: page.run(f"{loaded}.length") == 3, what="three pictures")
    assert all(source.startswith("blob:") for source in page.run(f"{loaded}.map((one) => one.src)"))
    page.run("scrollTo(0, document.body.scrollHeight)")
    length = "return document.querySelector('audio')?.duration"
    page.wait(lambda: page.run(length) == pytest.approx(0.1), what="a sound")
    page.wait(lambda: EVIL in page.text(".media pre"), what="a text")
    assert page.complaints() == []


def test_every_kind_of_media_is_shown_by_step(full: OpenDashboard) -> None:
    page = full.go(f"{RUN}?view=Media")
    loaded = "return [...document.querySelectorAll('.media img')].filter((one) => one.naturalWidth === 48).length"
    page.wait(lambda: page.run(loaded) == 3, what="three pictures of the newest step")
    page.see(f"step {STEPS - 1}, digit 2")
    page.run("scrollTo(0, document.body.scrollHeight)")
    page.wait(lambda: page.count(".matrix td") == 4, what="the confusion matrix")
    page.see(EVIL, ".media .plain-table")
    page.wait(lambda: page.count("audio") == 1 and page.count(".bars rect") == 32, what="a sound and a histogram")
    page.wait(
        lambda: page.run("return document.querySelector('audio').duration") == pytest.approx(0.1), what="its length"
    )
    page.wait(lambda: EVIL in page.text(".media pre"), what="the text")
    page.see("image/svg+xml: open it with another program")
    assert page.run("return window.broken") is None
    width = "return document.querySelector('.over-time canvas').width"
    page.wait(lambda: page.run(width) == STEPS, what="histograms over the steps")
    page.click("[aria-label='samples: previous step']")
    page.see(f"step {STEPS - 2}, digit 0")
    assert f"step={STEPS - 2}" in page.run("return location.search")
    page.type("[aria-label='Search media']", "weig")
    page.wait(lambda: page.count(".media") == 1, what="one key")
    assert page.complaints() == []


def test_open_page_shows_new_media(full: OpenDashboard) -> None:
    run = Writer(full.client, run_info("filling")).log(0, loss=1.0).send()
    page = full.go("/runs/run-filling?view=Media")
    page.see("No media yet")
    log_all(full.client, run)
    page.see(f"step {STEPS - 1}, digit 2")


def test_files_are_listed_and_downloaded(full: OpenDashboard) -> None:
    page = full.go(f"{RUN}?view=Files")
    page.see("model:v1")
    assert "best" in page.text(".artifact") and "latest" in page.text(".artifact")
    page.click(".artifact summary", "model:v1")
    page.see("model.ckpt")
    page.see("score\n1.5", ".artifact-inside")
    page.see("v0", ".artifact-inside .chips")
    asked = "fetch(document.querySelector('.artifact-inside a').href).then(async (answer) => done(await answer.text()))"
    assert page.run_async(f"const done = arguments[0]; {asked}") == "weights" * 2
    assert page.complaints() == []


def test_overview_shows_environment_and_stacks(full: OpenDashboard) -> None:
    page = full.go(f"{RUN}?view=Overview")
    page.see("python train.py --lr 0.1")
    page.see("0123456789ab on main")
    page.see("2.13.0")
    page.see("rank 0 waits in all_reduce")
    page.see("line 7 in wait_for_rank_1", "details[open] pre")
    page.see("net.depth")
    page.run(
        "const at = [...document.querySelectorAll('select')].at(-1); at.value = 'run-other';"
        "at.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    page.see("lr", ".different")
    assert page.count(".different") == 1
    seen = full.go(f"{RUN}?view=Console")
    seen.see("wait_for_rank_1", ".console")


def test_own_gpus_are_marked(full: OpenDashboard) -> None:
    page = full.go(f"{RUN}?view=System")
    page.see("this run's: GPU 1")


def test_tags_and_notes_can_be_edited(full: OpenDashboard) -> None:
    page = full.go(f"{RUN}?view=Overview")
    page.see("first", ".chips")
    page.type("[aria-label='Add a tag']", EVIL)
    page.run("document.querySelector('form.inline').requestSubmit()")
    page.wait(lambda: full.client.run("run-full").tags == ["first", EVIL], what="the tag")
    page.click("[aria-label='Remove the tag first']")
    page.wait(lambda: full.client.run("run-full").tags == [EVIL], what="the tag's end")
    page.type("[aria-label=Notes]", "looks well")
    page.click("button", "Save notes")
    page.wait(lambda: full.client.run("run-full").notes == "looks well", what="the notes")
    page.see(EVIL, ".chips")
    assert page.run("return window.broken") is None


def test_name_and_configuration_can_be_edited(full: OpenDashboard) -> None:
    page = full.go(f"{RUN}?view=Overview")
    before = full.client.run("run-full").config
    page.click("button", "Edit")
    page.type("dialog[open] [name=name]", "net.depth")
    page.wait(lambda: page.run("return document.querySelector('dialog[open] [name=value]').value") != "", what="3")
    page.type("dialog[open] [name=value]", "7")
    page.click("dialog[open] button", "Set")
    page.wait(lambda: page.count("dialog[open]") == 0, what="the end of the dialog")
    assert full.client.run("run-full").config == before | {"net": before["net"] | {"depth": 7}}
    page.click(".page-head button", "Rename")
    page.type("dialog[open] [name=name]", EVIL)
    page.click("dialog[open] button", "Rename")
    page.see(EVIL, "h1")
    assert full.client.run("run-full").name == EVIL
    assert page.run("return window.broken") is None


def test_points_and_run_cap_can_be_set(full: OpenDashboard) -> None:
    sweep = full.examples.sweep
    page = full.go(f"/sweeps/{sweep}")
    before = len(full.client.trials(sweep))
    page.click("button", "Cap: 8 trials")
    page.type("dialog[open] [name=run_cap]", "1.5")
    page.run("document.querySelector('dialog[open] form').noValidate = true")
    page.click("dialog[open] button", "Set")
    page.wait(lambda: page.count("dialog[open] .failure") == 1, what="the refusal")
    page.type("dialog[open] [name=run_cap]", "20")
    page.click("dialog[open] button", "Set")
    page.see("Cap: 20 trials")
    assert full.client.sweep(sweep).run_cap == 20
    page.click("button", "Add a point")
    page.type("dialog[open] [name=lr]", "5")
    page.click("dialog[open] button", "Add")
    page.see("this point is not in the space", "dialog[open]")
    page.type("dialog[open] [name=lr]", "0.025")
    page.click("dialog[open] button", "Add")
    page.wait(lambda: len(full.client.trials(sweep)) == before + 1, what="the trial")
    params = full.client.trials(sweep)[-1].params
    assert params["lr"] == 0.025
    assert params["kind"] in (EVIL, "plain") and params["layers"] in (1, 2, 3)
    page.wait(lambda: page.count("dialog[open]") == 0, what="the end of the dialog")


def test_a_read_only_key_sees_no_controls(full: OpenDashboard) -> None:
    key = full.client.create_key(m.KeyCreate("guest", "read")).key
    reader = Client(full.client.url, key)
    page = full.browser
    page.log_in(reader)
    try:
        full.go(f"/sweeps/{full.examples.sweep}")
        page.wait(lambda: page.count("[aria-label=Trials] .table-body .row") >= 7, what="the trials")
        page.click("[aria-label='Account']")
        page.see("with the key guest (read)")
        said = page.run("return [...document.querySelectorAll('main button')].map((one) => one.innerText)")
        assert not {"Pause", "Stop", "Cancel", "Resume", "Add a point"} & set(said)
        full.go(f"{RUN}?view=Overview")
        page.see("0123456789ab on main")
        page.click("[aria-label='Account']")
        page.see("with the key guest (read)")
        assert page.count("textarea") == 0 and page.count("[aria-label='Add a tag']") == 0
    finally:
        page.log_in(full.client)


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_pages_meet_wcag_a_and_aa(full: OpenDashboard, is_dark: bool) -> None:
    page = full.browser
    page.set_dark(is_dark)
    found = []
    for view, text in (
        ("Media", "samples"),
        ("Files", "model:v1"),
        ("Overview", "0123456789ab"),
        ("Console", "rank_1"),
    ):
        full.go(f"{RUN}?view={view}")
        page.see(text)
        page.run("scrollTo(0, document.body.scrollHeight)")
        page.wait(lambda: "\n…" not in page.text("main"), what="the page")
        found += [(view, *fault) for fault in violations(page)]
        assert page.run("return document.documentElement.scrollWidth <= innerWidth"), view
    full.go(f"/sweeps/{full.examples.sweep}")
    page.click("button", "Add a point")
    page.see("Add your own point", "dialog[open]")
    found += [("a point", *fault) for fault in violations(page)]
    page.set_dark(False)
    assert found == []

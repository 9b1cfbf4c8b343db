"""What the page of a sweep says about its model and about pairs of parameters, in a real browser."""

from __future__ import annotations

import pytest

from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import build_scored_sweep

DRAWN = """
const canvas = document.querySelector('.slice canvas');
const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
let drawn = 0;
for (let at = 3; at < data.length; at += 4) drawn += data[at] > 10;
return drawn;
"""


@pytest.fixture(scope="module")
def modelled(opened: OpenDashboard) -> str:
    """A sweep of `bayes`. The worker that the server starts for its model ends with the server."""
    return build_scored_sweep(opened.client, "bayes", 12, lambda x, y: (x - 0.3) ** 2 + 0.1 * y)


def test_the_model_of_bayes_is_drawn_and_explains_a_point(opened: OpenDashboard, modelled: str) -> None:
    sweep = modelled
    page = opened.go(f"/sweeps/{sweep}")
    page.complaints()
    page.wait(lambda: page.count(".slice canvas") == 2, what="a slice for each parameter")
    before = page.run(DRAWN)
    page.click("button", "model")
    page.see("expected value through the best trial")
    page.wait(lambda: page.run(DRAWN) > before + 50, what="the line of the model")
    assert "model=on" in page.run("return location.search")
    last = opened.client.trials(sweep)[-1]
    assert last.chosen_by == "model"
    opened.go(f"/sweeps/{sweep}?trial={last.id}")
    page.see("A model that knew 11 results chose it", ".why")
    page.see("to improve", ".why")
    first = opened.client.trials(sweep)[0]
    opened.go(f"/sweeps/{sweep}?trial={first.id}")
    page.see("The method chose it without a model", ".why")
    assert page.complaints() == []


def test_pairs_that_decide_together_are_listed(opened: OpenDashboard) -> None:
    sweep = build_scored_sweep(opened.client, "random", 100, lambda x, y: (x - 0.5) * (y - 0.5))
    page = opened.go(f"/sweeps/{sweep}")
    page.see("over 100 trials", ".importance")
    page.see("together", ".importance")
    assert {"x \u00d7 y", "y \u00d7 x"} & set(page.text(".importance").splitlines())
    for title in (
        "Part of the trials with at most this value",
        "Rank of each trial",
        "Best value, compared with the end",
    ):
        page.see(title)

"""What a trial without a value of the metric is told: which keys it logged, and which was probably meant."""

from __future__ import annotations

from typing import Any

import pytest

from lightning_sweeps.sweeps.missing_metric import explain_missing, summary_value


@pytest.mark.parametrize(
    ("name", "logged", "nonfinite", "reason"),
    [
        ("loss", {}, 0, "no value of `loss` was logged; the server has no rows of this trial"),
        ("tset_acc", {"epoch": 1, "test_acc": 0.5}, 0, "logged: `epoch`, `test_acc`; did you mean `test_acc`?"),
        ("loss", {"loss ": 0.5}, 0, "logged: `loss `; did you mean `loss `?"),
        ("loss", {"val.loss": 0.5}, 0, "did you mean `val.loss`?"),
        ("loss", {"accuracy": 0.5}, 0, "no value of `loss` was logged; logged: `accuracy`"),
        ("loss", {"loss": "0.5"}, 0, "no value of `loss` was logged as a number: it was the text '0.5'"),
        ("loss", {"loss": True}, 0, "no value of `loss` was logged as a number: it was the boolean `True`"),
        ("loss", {"loss": "nan"}, 3, "no value of `loss` was logged that counts: all 3 values were NaN or infinite"),
        ("loss", {"loss": "inf"}, 1, "the only value was NaN or infinite"),
        ("loss", {f"k{number:02}": 0 for number in range(12)}, 0, "`k07` and 4 more"),
    ],
)
def test_the_reason_names_what_was_logged(name: str, logged: dict[str, Any], nonfinite: int, reason: str) -> None:
    assert reason in explain_missing(name, logged=logged, nonfinite=nonfinite)


@pytest.mark.parametrize(
    ("summary", "name", "value"),
    [
        ({"loss": 0.5}, "loss", 0.5),
        ({"val.loss": 0.5}, "val/loss", 0.5),
        ({"loss": "0.5"}, "loss", None),
        ({"loss": "nan"}, "loss", None),
        ({"loss": True}, "loss", None),
        ({}, "loss", None),
    ],
)
def test_a_number_in_the_summary_counts(summary: dict[str, Any], name: str, value: float | None) -> None:
    assert summary_value(summary, name) == value

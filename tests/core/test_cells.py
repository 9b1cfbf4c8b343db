"""Values as cells of a notebook: what a reader wants to know first, escaped, and cut where there is too much."""

from __future__ import annotations

import msgspec

from lightning_sweeps.core.cells import MOST_COLUMNS, facts_html, rows_html, text_of
from lightning_sweeps.messages import RunDetails, Sweep, Trial

TRIAL = Trial(
    "t1", "s1", 3, "finished", {"lr": 0.123456789, "net": {"width": 8}}, 1, None, 0.5, 0.5, 1, "", 0, "", 0.0, 0.0, 1.0
)
SWEEP = Sweep(
    "s1",
    "digits",
    "<b>",
    "",
    "running",
    "",
    "bayes",
    "loss",
    "minimize",
    {"a": 1},
    9,
    0.0,
    None,
    {"finished": 3},
    TRIAL,
)


def test_text_is_short_and_nested_values_are_named() -> None:
    assert text_of({"lr": 0.123456789, "net": {"width": 8}}) == "lr=0.12346, net=width=8"
    assert text_of(None) == ""
    assert len(text_of("x" * 9999)) == 300


def test_html_is_escaped_and_shows_no_empty_fact() -> None:
    html = facts_html("a < b", {"<script>": "&", "reason": "", "count": 0}, link='https://x/"')
    assert "<script>" not in html and "&lt;script&gt;" in html and "&amp;" in html
    assert "reason" not in html and "<td>0</td>" in html and "&quot;" in html


def test_a_table_has_no_empty_columns_and_says_how_many_it_leaves_out() -> None:
    html = rows_html([{"a": None, "b": 1}, {"b": None, "c": "x"}], note="2 rows")
    assert "<th>a</th>" not in html and "<th>b</th>" in html and "<p>2 rows</p>" in html
    wide = rows_html([{f"c{number}": number for number in range(MOST_COLUMNS + 4)}])
    assert wide.count("<th>") == MOST_COLUMNS and "; 4 more columns" in wide


def test_messages_show_their_main_facts() -> None:
    assert repr(TRIAL) == (
        "Trial(number=3, state='finished', objective=0.5, params={'lr': 0.123456789, 'net': {'width': 8}}, id='t1')"
    )
    assert "best={'trial': 3, 'objective': 0.5" in repr(SWEEP) and "config" not in repr(SWEEP)
    html = SWEEP._repr_html_()
    assert "<td>&lt;b&gt;</td>" in html and "trial=3, objective=0.5, params=lr=0.12346" in html
    assert msgspec.json.decode(msgspec.json.encode(SWEEP), type=Sweep) == SWEEP
    assert RunDetails.__repr__ is Sweep.__repr__

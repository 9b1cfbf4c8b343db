"""Filters and orders of `wandb.Api().runs`, and manifests of artifacts, are translated or refused."""

from __future__ import annotations

import json

import pytest

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SortKey
from lightning_sweeps.server.protocols.wandb import history, manifests, names, run_filters
from lightning_sweeps.store.filters import Combination, Comparison, Filter, Not

ID = names.run_id("p", "abc")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, None),
        ({"state": "crashed"}, Comparison("state", "=", ("lost",))),
        ({"config.model.width.value": 8}, Comparison("config.model.width", "=", (8.0,))),
        ({"summary_metrics.loss": {"$lt": 1}}, Comparison("summary.loss", "<", (1.0,))),
        ({"name": "abc"}, Comparison("id", "in", ("abc", ID))),
        ({"tags": {"$nin": ["a"]}}, Not(Comparison("tags", "in", ("a",)))),
        ({"display_name": {"$regex": "^run\\.1"}}, Comparison("name", "~", ("run.1",))),
        ({"group": {"$exists": True}}, Comparison("group", "!=", (None,))),
        (
            {"$or": [{"group": "a"}, {"$and": [{"job_type": "b"}]}]},
            Combination("or", (Comparison("group", "=", ("a",)), Comparison("job_type", "=", ("b",)))),
        ),
    ],
)
def test_filters_mean_the_same_here(given: object, wanted: Filter | None) -> None:
    assert run_filters.parse(json.dumps(given), "p") == wanted


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("{", "not JSON"),
        ("[]", "type `list`"),
        ('{"nothing": 1}', "no field `nothing`"),
        ('{"$where": 1}', "operator `$where`"),
        ('{"state": {"$near": 1}}', "operator `$near`"),
        ('{"name": {"$regex": "a(b)+"}}', "regular expression"),
        ('{"state": [1]}', "type `list`"),
        ('{"tags": {"$in": 1}}', "type `int`"),
        ('{"$not":' * 40 + "{}" + "}" * 40, "nested more than"),
        (json.dumps({"$or": [{"state": "running"}] * 200}), "200 comparisons"),
        (" " * 20_000, "20000 characters"),
    ],
)
def test_filters_that_are_not_allowed_are_refused(given: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        run_filters.parse(given, "p")
    assert part in str(caught.value)


def test_orders_mean_the_same_here() -> None:
    assert run_filters.order(None) == [SortKey("created")]
    assert run_filters.order("-summary_metrics.loss,config.lr.value") == [
        SortKey("summary.loss", True),
        SortKey("config.lr"),
    ]


def test_samples_keep_the_first_and_the_last_row() -> None:
    rows = [{"_step": step} for step in range(100)]
    assert [row["_step"] for row in history.sample(rows, 3)] == [0, 50, 99]
    assert history.sample(rows, 1) == rows[-1:]
    assert history.sample(rows, 100) == rows
    with pytest.raises(UsageError):
        history.sample(rows, 0)


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"{", "not JSON"),
        (b"[]", "no map `contents`"),
        (b'{"contents": {"a": {}}}', "no map `contents`"),
        (b'{"contents": {"../a": {"digest": ""}}}', "the path `../a`"),
        (b'{"contents": {".wandb-references.json": {"digest": ""}}}', "the path `.wandb-references.json`"),
    ],
)
def test_manifests_that_are_damaged_are_refused(body: bytes, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        manifests.parse(body)
    assert part in str(caught.value)


def test_a_digest_is_that_of_the_client_and_an_md5() -> None:
    md5 = "d41d8cd98f00b204e9800998ecf8427e"
    assert manifests.in_hexadecimal(manifests.in_base64(md5)) == md5
    assert manifests.digest_of({"a": {"digest": "x"}, "b": {"digest": "y"}}) != manifests.digest_of({})
    with pytest.raises(UsageError):
        manifests.in_hexadecimal("no md5")

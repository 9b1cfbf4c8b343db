"""The filters and orders of MLflow become those of the runs table."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SortKey
from lightning_sweeps.server.protocols.mlflow import experiment_filters, run_filters
from lightning_sweeps.store.experiments import Experiment
from lightning_sweeps.store.filters import Combination, Comparison, Filter, Not, like


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("metrics.loss < 0.3", Comparison("summary.loss", "<", (0.3,))),
        ("metric.`val loss` >= -1e3", Comparison("summary.val loss", ">=", (-1000.0,))),
        ('metrics."val/acc" = 1', Comparison("summary.val/acc", "=", (1.0,))),
        ("params.opt = 'adam'", Comparison("config.opt", "in", ("adam",))),
        ("params.lr = '0.1'", Comparison("config.lr", "in", ("0.1", 0.1))),
        ("params.flag = 'True'", Comparison("config.flag", "in", ("True", "true"))),
        ('param.opt LIKE "ad%"', Comparison("config.opt", "like", ("ad%",))),
        ("tags.team ilike 'V_s%'", Comparison("config.mlflow_tags.team", "ilike", ("V_s%",))),
        ("tags.mlflow.runName = 'first'", Comparison("name", "in", ("first",))),
        ("tags.team IS NOT NULL", Comparison("config.mlflow_tags.team", "!=", (None,))),
        ("tags.team is null", Comparison("config.mlflow_tags.team", "=", (None,))),
        ("attributes.status = 'FINISHED'", Comparison("state", "in", ("finished",))),
        ("status != 'RUNNING'", Not(Comparison("state", "in", ("running",)))),
        ("attributes.start_time > 1500", Comparison("created", ">", (1.5,))),
        ("run_id IN ('a', 'b')", Comparison("id", "in", ("a", "b"))),
    ],
)
def test_a_filter_is_translated(text: str, found: Filter | None) -> None:
    assert run_filters.parse(text) == found


def test_comparisons_are_joined_by_and() -> None:
    found = run_filters.parse("metrics.a > 1 and params.b != 'x' AND tags.c NOT IN ('1')")
    assert found == Combination(
        "and",
        (
            Comparison("summary.a", ">", (1.0,)),
            Not(Comparison("config.b", "in", ("x",))),
            Comparison("config.b", "!=", (None,)),
            Not(Comparison("config.mlflow_tags.c", "in", ("1", 1.0))),
            Comparison("config.mlflow_tags.c", "!=", (None,)),
        ),
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("metrics.a > 1 OR metrics.a < 0", "AND only"),
        ("metrics.a > 'x'", "a number"),
        ("params.a > 'x'", "LIKE"),
        ("params.a = 1", "text in quotes"),
        ("attributes.colour = 'x'", "Invalid attribute key 'attributes.colour'"),
        ("datasets.name = 'x'", "Invalid attribute key 'datasets.name'"),
        ("metrics.a >", "the end"),
        ("metrics.a > 1 and", "the end"),
        ("metrics.a ~ 1", "neither a name nor a value"),
        ("metrics.a BETWEEN 1", "the operator `BETWEEN`"),
        ("run_id IN ()", "where a text is expected"),
        ("run_id IN ('a'", "the end"),
        ("metrics.a > 1 " * 1000, "allowed: 10000"),
        ("metrics.a > 1 and " * 101 + "metrics.a > 1", "allowed: 100"),
        ("attributes.status > 'A'", "allowed: =, !="),
    ],
)
def test_a_filter_that_is_not_allowed_is_named(text: str, part: str) -> None:
    with pytest.raises(UsageError) as error:
        run_filters.parse(text)
    assert part in f"{error.value.message} {error.value.hint}"


def test_an_order_is_translated() -> None:
    wanted = ["metrics.loss DESC", "params.`a b` asc", "attributes.start_time", "tag.team desc", " "]
    assert run_filters.order(wanted) == [
        SortKey("summary.loss", True),
        SortKey("config.a b", False),
        SortKey("created", False),
        SortKey("config.mlflow_tags.team", True),
    ]
    with pytest.raises(UsageError, match="colour"):
        run_filters.order(["colour DESC"])


def test_experiments_are_filtered_and_sorted() -> None:
    found = [
        Experiment("1", "iris", 10.0, {"team": "a"}),
        Experiment("2", "digits", 20.0),
        Experiment("3", "Irises", 5.0),
    ]

    def names(text: str) -> list[str]:
        return [one.name for one in found if experiment_filters.parse(text)(one)]

    assert names("name ILIKE 'iris%'") == ["iris", "Irises"]
    assert names("name LIKE 'iris%' AND tags.team = 'a'") == ["iris"]
    assert names("creation_time >= 10000") == ["iris", "digits"]
    assert names("tags.team != 'a'") == []
    keys = experiment_filters.order(["name DESC"])
    assert [one.name for one in experiment_filters.sort(found, keys)] == ["iris", "digits", "Irises"]
    for wrong in ("name > 3", "colour = 'x'", "name IS NULL", "creation_time = 'x'"):
        with pytest.raises(UsageError):
            experiment_filters.parse(wrong)


@given(pattern=st.text("aB%_.", max_size=6), text=st.text("aAb.B\n", max_size=8), ignores_case=st.booleans())
def test_like_is_that_of_sql(pattern: str, text: str, ignores_case: bool) -> None:
    wildcards = {"%": ".*", "_": "."}
    slow = "".join(wildcards.get(one) or re.escape(one) for one in pattern)
    flags = re.DOTALL | (re.IGNORECASE if ignores_case else re.RegexFlag(0))
    assert like(pattern, ignores_case=ignores_case)(text) == (re.fullmatch(slow, text, flags) is not None)


def test_a_pattern_of_many_parts_takes_no_time() -> None:
    assert not like("%a" * 50 + "%b", ignores_case=False)("a" * 20_000)

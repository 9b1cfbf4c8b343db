"""What MLflow clients say is mapped to ours, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.server.protocols.mlflow import artifacts, config_keys, metric_rows, names, operations, request
from lightning_sweeps.server.protocols.mlflow.metric_rows import LoggedMetric
from lightning_sweeps.server.protocols.mlflow.names import ArtifactPlace
from lightning_sweeps.server.protocols.mlflow.request import Given


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("1e-05", 1e-05),
        ("1e-5", "1e-5"),
        ("1.0", 1.0),
        ("3", 3),
        ("-7", -7),
        ("007", "007"),
        ("1_000", "1_000"),
        ("nan", "nan"),
        ("True", "True"),
        ("None", "None"),
        ("", ""),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_a_parameter_is_a_number_if_it_is_written_as_one(text: str, value: object) -> None:
    found = config_keys.value_of_text(text)
    assert (found, type(found)) == (value, type(value))


@given(st.one_of(st.text(max_size=20), st.floats().map(str), st.integers().map(str)))
def test_a_parameter_comes_back_as_it_was_written(text: str) -> None:
    assert config_keys.params({"a": config_keys.value_of_text(text)}) == {"a": text}


def test_a_nested_configuration_is_flat_parameters_without_what_clients_keep_there() -> None:
    config = {"model": {"width": 8}, "on": True, "mlflow_tags.team": "a", "mlflow_models": [{}]}
    assert config_keys.params(config) == {"model.width": "8", "on": "True"}
    assert config_keys.changed_param(config, "model.width", 8) is None
    assert config_keys.changed_param(config, "model.width", 9) == "8"
    with pytest.raises(UsageError, match="hold tags"):
        config_keys.param_of(Given({"key": "mlflow_tags.team", "value": "a"}))


def test_neighbors_of_the_same_step_and_time_are_one_row() -> None:
    found = metric_rows.rows_of(
        [
            LoggedMetric("a", 1.0, 1000, 0),
            LoggedMetric("b", 2.0, 1000, 0),
            LoggedMetric("a", 3.0, 1000, 0),
            LoggedMetric("a", 4.0, 1000, 1),
        ]
    )
    assert [(row.step, row.time, row.values) for row in found] == [
        (0, 1.0, {"a": 1.0, "b": 2.0}),
        (0, 1.0, {"a": 3.0}),
        (1, 1.0, {"a": 4.0}),
    ]


@pytest.mark.parametrize(
    ("given_path", "place"),
    [
        ("7/abc/artifacts", ArtifactPlace("abc", "")),
        ("7/abc/artifacts/a/b.txt", ArtifactPlace("abc", "a/b.txt")),
        ("7/models/m-abc-0123abcd/artifacts/MLmodel", ArtifactPlace("abc", "models/m-abc-0123abcd/MLmodel")),
    ],
)
def test_an_artifact_belongs_to_a_run(given_path: str, place: ArtifactPlace) -> None:
    assert names.artifact_place(given_path) == place


@pytest.mark.parametrize(
    "path", ["7/abc/artifacts/../x", "7/abc/artifacts/a//b", "7/abc/artifacts/a\\b", "a" * 501, "a\n"]
)
def test_a_path_that_is_not_allowed_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="Invalid path"):
        names.artifact_place(path)


@pytest.mark.parametrize("path", ["7", "7/abc", "7/abc/other/x", "7/models/abc/artifacts/x"])
def test_a_path_of_no_run_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        names.artifact_place(path)


def test_a_folder_lists_its_files_and_folders() -> None:
    sizes = {"a/b/c": 1, "a/d": 2, "e": 3, "ab": 4}
    assert artifacts.list_folder(sizes, "") == [
        {"path": "a", "is_dir": True},
        {"path": "ab", "is_dir": False, "file_size": 4},
        {"path": "e", "is_dir": False, "file_size": 3},
    ]
    assert [one["path"] for one in artifacts.list_folder(sizes, "a")] == ["a/b", "a/d"]
    assert artifacts.list_folder(sizes, "e") == [{"path": "e", "is_dir": False, "file_size": 3}]
    assert artifacts.list_folder(sizes, "nothing") == []


def test_operations_are_found_by_their_path() -> None:
    found = operations.find("DELETE", "logged-models/m-1/tags/a")
    assert found is not None
    assert found.fields == {"model_id": "m-1", "tag_key": "a"}
    assert operations.find("GET", "runs/create") is None
    assert operations.find("POST", "registered-models/create") is None


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({}, "Missing value for required parameter 'key'"),
        ({"key": ["a"]}, "allowed: a text"),
        ({"key": "a", "value": "x"}, "allowed: a number"),
        ({"key": "a", "value": True}, "allowed: a number"),
        ({"key": "a", "value": 1, "step": "x"}, "allowed: a whole number"),
        ({"key": "a", "value": 1, "step": 2**63}, "allowed: a whole number"),
        ({"key": "a" * 251, "value": 1}, "allowed: 1 to 250"),
        ({"key": "a\n", "value": 1}, "printable"),
    ],
)
def test_a_field_that_is_not_allowed_is_named(fields: dict[str, object], part: str) -> None:
    with pytest.raises(UsageError) as error:
        metric_rows.metric_of(Given(fields), now=0.0)
    assert part in error.value.message


def test_repeated_names_in_an_address_are_a_list() -> None:
    assert request.of_query([("a", "1"), ("b", "2"), ("a", "3")]).texts("a") == ["1", "3"]
    assert request.of_body(b" ").fields == {}
    for body in (b"[]", b"{", b"1", b"[" * 100_000):
        with pytest.raises(UsageError, match="the body"):
            request.of_body(body)

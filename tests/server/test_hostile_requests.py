"""Requests that are too large, too deep or too strange end with a status below 500, on every route, at little cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunsQuery
from lightning_sweeps.server.openapi import openapi_document
from lightning_sweeps.server.security import request_limits
from lightning_sweeps.server.web.json_shape import json_shape
from lightning_sweeps.store import runs_table
from lightning_sweeps.store.database import Store
from tests.servers import running_server
from tests.store.conftest import store as store

JSON = {"Content-Type": "application/json"}
MAX_GROWTH_BYTES = 150 << 20
ID = "x"

BODIES = {
    "three MiB in one text": b'{"filter": "' + b"a" * (3 << 20) + b'"}',
    "nested lists": b'{"config": ' + b"[" * 900 + b"]" * 900 + b"}",
    "nested objects": b'{"config": ' + b'{"a": ' * 900 + b"1" + b"}" * 901,
    "lists that are not closed": b"[" * 100_000,
    "nesting hidden by UTF-16": ("[" * 900 + "]" * 900).encode("utf-16"),
    "nesting behind a quote with an escape": b'{"a\\\\": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a million values": b'{"lines": [' + b",".join([b"{}"] * 500_000) + b"]}",
    "as many values as allowed, all wrong": b'{"lines": [' + b",".join([b"{}"] * 40_000) + b"]}",
    "a list": b"[]",
    "no JSON": b"{",
    "an integer of 5,000 digits": b'{"limit": ' + b"9" * 5000 + b', "points": ' + b"9" * 5000 + b"}",
    "numbers beyond floats": b'{"limit": 1e999, "low": 1e999, "high": -1e999, "offset": -1, "lasts_s": NaN}',
    "half a character": b'{"filter": "\\ud800", "name": "\\ud800", "config": {"\\ud800": 1}}',
}
QUERIES = ["nan", "inf", "-1", "1e308", "9" * 400, "x" * 15_000, "\0", "null", "[" * 500, "*" * 500]
HOSTILE_FILTERS = {
    "49 times not": "not " * 49 + "state = failed",
    "15 times not": "not " * 15 + "config.a.b != 1",
    "3,000 numbers": f"rank in ({','.join(map(str, range(1500)))})",
    "2,000 words": f"name in ({','.join(['ab'] * 2000)})",
    "1,000 times or": " or ".join(["rank=1"] * 1000),
    "100 times or": " or ".join(["config.a.b != 1"] * 100),
    "49 parentheses": "(" * 49 + "rank = 1" + ")" * 49,
    "seven times and not in or not": "rank=1 or not (rank=2 and not (" * 3 + "tags != x" + "))" * 3,
    "alternating": "rank != 1 or (rank != 2 and (" * 7 + "config.a.b != 1" + "))" * 7,
    "a number that no float can be": "rank = 1e999 or rank in (1e999, -1e999)",
    "a moment that cannot be": "created > -99999999999999999999w or created in (2026-01-01, -1d)",
    "a pattern": "name ~ '(a+)+$' and name ~ '%_%'",
    "a column of 5,000 parts": "config." + ".".join(["a"] * 4000) + " = 1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerFile, Home]]:
    home = Home(tmp_path_factory.mktemp("hostile") / "home")
    with running_server(home.root) as (_, file):
        yield file, home


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = openapi_document()["paths"].items()
    return [(method, path, operation) for path, methods in paths for method, operation in methods.items()]


def ask(server: ServerFile, method: str, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {server.token}"} | options.pop("headers", {})
    url = server.url + path
    with requests.request(method, url, headers=headers, timeout=60, stream=True, **options) as answer:
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            _ = answer.content
    return answer


def test_every_route_with_a_json_body_survives_hostile_bodies(server: tuple[ServerFile, Home]) -> None:
    file, home = server
    process = psutil.Process(file.pid)
    before_bytes = process.memory_info().rss
    answers: dict[tuple[str, str], requests.Response] = {}
    for method, path, operation in operations():
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            for name, body in BODIES.items():
                given = ask(file, method, path.replace("{", "").replace("}", ""), data=body, headers=JSON)
                answers[f"{method} {path}", name] = given
    assert {key: answer.status_code for key, answer in answers.items() if answer.status_code >= 500} == {}
    assert len(answers) > 12 * len(BODIES)
    for (route, name), answer in answers.items():
        assert len(answer.content) < 10_000, (route, name)
        if "nest" in name or "values" in name.replace("as many values", ""):
            assert answer.status_code == 422, (route, name)
        if "MiB" in name:
            assert answer.status_code == 413, (route, name)
    assert process.memory_info().rss - before_bytes < MAX_GROWTH_BYTES
    assert "Traceback" not in home.server_log.read_text()


def test_every_parameter_survives_hostile_values(server: tuple[ServerFile, Home]) -> None:
    file, home = server
    statuses: dict[str, int] = {}
    for method, path, operation in operations():
        own = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
        route = path.replace("{", "").replace("}", "")
        for name in own:
            others = {other: "1" for other in own if other != name}
            for value in QUERIES:
                answer = ask(file, method, route, params=others | {name: value})
                statuses[f"{method} {path} {name}={value[:20]}"] = answer.status_code
        many = ask(file, method, route, params=[("x", str(number)) for number in range(1000)])
        assert many.status_code == 422 and "1000 parameters" in many.text
        assert ask(file, method, route, headers={"Range": "bytes=" + "0-0," * 1000}).status_code == 422
    assert {key: status for key, status in statuses.items() if status >= 500} == {}
    assert len(statuses) > 300
    assert "Traceback" not in home.server_log.read_text()


def test_a_body_of_300_mib_is_refused_without_being_kept(server: tuple[ServerFile, Home]) -> None:
    file, _ = server
    process = psutil.Process(file.pid)
    before_bytes = process.memory_info().rss
    body = iter([b'{"filter": "', *([b"a" * (1 << 20)] * 300), b'"}'])
    answer = ask(file, "post", "/api/runs/query", data=body, headers=JSON)
    assert answer.status_code == 413 and str(request_limits.MAX_BODY_BYTES) in answer.json()["message"]
    assert process.memory_info().rss - before_bytes < 20 << 20


@pytest.mark.parametrize("text", HOSTILE_FILTERS.values(), ids=HOSTILE_FILTERS.keys())
def test_a_hostile_filter_is_run_or_refused(server: tuple[ServerFile, Home], text: str) -> None:
    for folded in (False, True):
        answer = ask(server[0], "post", "/api/runs/query", json={"filter": text, "fold": folded})
        assert answer.status_code in (200, 422), answer.text


COLUMNS = ["rank", "state", "created", "tags", "config.a.b", "summary.x", "group_size", "`a b`", "project"]
VALUES = ["1", "null", "true", "x", "'a b'", "-3d", "2026-11-01", "1e300"]
COMPARISONS = st.builds(
    " ".join,
    st.tuples(st.sampled_from(COLUMNS), st.sampled_from(["=", "!=", "<", "~", "has"]), st.sampled_from(VALUES)),
)
FILTERS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("({} and not {})".format, inner, inner),
        st.builds(
            "{} in ({})".format, st.sampled_from(COLUMNS), st.lists(st.sampled_from(VALUES), min_size=1).map(",".join)
        ),
    ),
    max_leaves=30,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=FILTERS, is_folded=st.booleans())
def test_any_filter_is_run_or_refused_with_the_reason(store: Store, text: str, is_folded: bool) -> None:
    with store.read() as connection:
        try:
            runs_table.read_page(connection, RunsQuery(filter=text, fold=is_folded))
        except UsageError as refused:
            assert refused.message


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{}",:\\a\n') | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='[{"\\'), inner),
)


def depth_and_values(value: Any) -> tuple[int, int]:
    if isinstance(value, dict):
        inner = [depth_and_values(one) for one in value.values()]
        return 1 + max((depth for depth, _ in inner), default=0), 1 + len(inner) + sum(number for _, number in inner)
    if isinstance(value, list):
        inner = [depth_and_values(one) for one in value]
        return 1 + max((depth for depth, _ in inner), default=0), 1 + sum(number for _, number in inner)
    return 0, 1


@settings(max_examples=60)
@given(JSON_VALUES)
def test_the_shape_of_a_json_text_is_that_of_its_value(value: Any) -> None:
    shape = json_shape(json.dumps(value).encode())
    depth, values = depth_and_values(value)
    assert shape.depth == depth
    assert values <= shape.values <= 2 * values

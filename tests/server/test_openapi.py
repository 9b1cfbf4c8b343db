"""The OpenAPI document, from which the dashboard's types are generated."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import requests

from lightning_sweeps import messages
from lightning_sweeps.core.settings import environment
from lightning_sweeps.server.openapi import openapi_document
from tests.servers import running_server


def printed_document(hash_seed: str) -> bytes:
    command = [sys.executable, "-m", "lightning_sweeps.server.openapi"]
    return subprocess.run(
        command, env=environment() | {"PYTHONHASHSEED": hash_seed}, capture_output=True, check=True
    ).stdout


def test_command_prints_the_document_that_a_server_answers_with(tmp_path: Path) -> None:
    with running_server(tmp_path) as (_, server):
        headers = {"Authorization": f"Bearer {server.token}"}
        served = requests.get(f"{server.url}/api/openapi.json", headers=headers, timeout=10).json()
    assert json.loads(printed_document("1")) == served


def test_command_prints_the_same_bytes_each_time() -> None:
    assert printed_document("1") == printed_document("2")


def test_responses_have_every_field() -> None:
    schemas = openapi_document()["components"]["schemas"]
    assert schemas["RunDetails"]["required"] == [field.name for field in fields(messages.RunDetails)]
    assert "gpu_s" in schemas["Trial"]["required"]
    assert schemas["HeldLine"]["required"] == ["owner", "key"]  # of a request: the others have defaults


def test_states_are_closed_sets() -> None:
    properties = openapi_document()["components"]["schemas"]
    assert properties["RunDetails"]["properties"]["state"]["enum"][0] == "running"
    assert properties["RunDetails"]["properties"]["mode"]["enum"] == ["single", "grouped", "shared"]
    assert properties["ConsoleLine"]["properties"]["stream"]["enum"] == ["stdout", "stderr", "stacks", "event"]


def test_every_schema_is_a_message() -> None:
    names = openapi_document()["components"]["schemas"].keys()
    assert {name for name in names if not is_dataclass(getattr(messages, name, None))} == set()


def test_every_rejected_request_carries_a_problem() -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for path, operations in openapi_document()["paths"].items():
        for operation in operations.values():
            body = operation["responses"]["422"]["content"]["application/json"]
            assert body["schema"] == problem, path

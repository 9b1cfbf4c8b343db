"""A column of runs is declared once: table, rows, filters, the runs table and the documentation follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from lightning_sweeps.journal.records import Header, RunInfo
from lightning_sweeps.messages import RunDetails, RunsQuery, SortKey
from lightning_sweeps.messages.columns import Column, declared_columns
from lightning_sweeps.store import schema
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.run_columns import FILTERABLE_NAMES
from lightning_sweeps.store.runs_table import read_page
from tests.store.journals import Journal
from tests.store.uploads import get_run, send

API_PAGE = Path(__file__).parents[2] / "docs" / "http-api.md"


def test_every_field_of_the_message_declares_its_column() -> None:
    assert [one.name for one in declared_columns(RunDetails)] == list(RunDetails.__dataclass_fields__)


def test_a_declaration_gives_name_type_and_source() -> None:
    @dataclass(frozen=True)
    class Message:
        plain: int
        image: Annotated[str | None, Column("Container image.", header="run.image", stored_as="image_name")] = None
        size: Annotated[Literal["small", "large"], Column("Size of the machine.")] = "small"

    image, size = declared_columns(Message)
    assert (size.kind, size.is_nullable) == (str, False)
    assert (image.name, image.sql_name, image.kind, image.is_nullable) == ("image", "image_name", str, True)


def test_sources_exist_in_the_journal_header() -> None:
    kinds = {"run": RunInfo, "process": Header.__annotations__["process"]}
    for one in declared_columns(RunDetails):
        if one.column.header:
            owner, _, name = one.column.header.partition(".")
            fields = kinds[owner].__struct_fields__ if owner == "run" else ("host", "node", "user", "command")
            assert name in fields, one.name


def test_each_declared_column_is_stored_filtered_sorted_and_shown(store: Store) -> None:
    journal = Journal()
    journal.log(0, loss=1.0)
    send(store, journal)
    run = msgspec.to_builtins(get_run(store))
    names = [one.name for one in declared_columns(RunDetails)]
    with store.read() as connection:
        (row,) = read_page(connection, RunsQuery(columns=names)).rows
        assert row == run
        for one in declared_columns(RunDetails):
            assert not one.column.is_stored or one.sql_name in schema.run.c
            if one.column.filter_as is None:
                continue
            value = "null" if run[one.name] is None else msgspec.json.encode(run[one.name]).decode()
            page = read_page(connection, RunsQuery(filter=f"{one.name} = {value}", sort=[SortKey(one.name)]))
            assert page.total == 1, one.name


def test_the_documentation_names_every_column_that_filters_accept() -> None:
    documented = API_PAGE.read_text().split("\nColumns:\n")[1].split("\nFilters:\n")[0].replace("`", " ").split()
    words = {word.strip(",;()") for word in documented}
    assert set(FILTERABLE_NAMES) <= words

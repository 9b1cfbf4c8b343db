"""Builds SQL that looks into JSON columns, which SQLite and PostgreSQL write differently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Double,
    Text,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import array


def json_value(
    structure: ColumnElement[Any], path: list[str], dialect: str
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return a value inside a JSON column: as a number, NULL for anything else, and as text. No path: the whole value.

    The text of a boolean is `true` or `false`.
    """
    value: ColumnElement[Any]
    words: ColumnElement[Any]
    if dialect == "sqlite":
        place = literal("$" + "".join(f'."{key}"' for key in path), Text)
        value, kind = func.json_extract(structure, place), func.json_type(structure, place)
        words = case((kind.in_(("true", "false")), kind), else_=cast(value, Text))
        return case((kind.in_(("integer", "real")), value), else_=null()), words
    keys: ColumnElement[Any] = array([cast(bindparam(None, key), Text) for key in path], type_=Text())
    value, words = structure.op("#>", return_type=JSON())(keys), structure.op("#>>", return_type=Text())(keys)
    return case((func.json_typeof(value) == "number", cast(words, Double)), else_=null()), words


def one_of(column: ColumnElement[Any], texts: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Return whether a text column is one of many texts. They travel as one parameter, so their number has no limit."""
    if dialect == "sqlite":
        items = func.json_each(json.dumps(list(texts))).table_valued("value")
        return column.in_(select(items.c.value))
    return column == any_(literal(list(texts), ARRAY(Text)))

"""Builds SQL that looks into JSON columns, which SQLite and PostgreSQL write differently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Double, Text, any_, bindparam, case, cast, func, literal, null, select


def json_value(
    structure: ColumnElement[Any], path: list[str], dialect: str
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return a value inside a JSON column: as a number, NULL for anything else, and as text.

    The text of a boolean is `true` or `false`.
    """
    if dialect == "sqlite":
        place = literal("$" + "".join(f'."{key}"' for key in path), Text)
        value, kind = func.json_extract(structure, place), func.json_type(structure, place)
        words: ColumnElement[Any] = case((kind.in_(("true", "false")), kind), else_=cast(value, Text))
        return case((kind.in_(("integer", "real")), value), else_=null()), words
    keys = [cast(bindparam(None, key), Text) for key in path]
    value, words = func.json_extract_path(structure, *keys), func.json_extract_path_text(structure, *keys)
    return case((func.json_typeof(value) == "number", cast(words, Double)), else_=null()), words


def one_of(column: ColumnElement[Any], texts: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Return whether a text column is one of many texts. They travel as one parameter, so their number has no limit."""
    if dialect == "sqlite":
        items = func.json_each(json.dumps(list(texts))).table_valued("value")
        return column.in_(select(items.c.value))
    return column == any_(literal(list(texts), ARRAY(Text)))

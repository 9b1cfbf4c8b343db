"""Declares how a field of the message `Run` is stored, filled from a journal's header, and filtered.

The declaration is the field's annotation, for example
`job_type: Annotated[str, Column("Role of the run.", header="run.job_type")]`. The table `run`, its rows, the columns of
the runs table and the filter language follow from it.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

Update: TypeAlias = Literal["never", "writer", "attempt", "merge"]
"""What a later header of the same run changes.

- `never`: nothing; the first header decides.
- `writer`: replaces the value if it comes from a later attempt, or from the same attempt and the same or a lower rank.
- `attempt`: replaces the value if it comes from a later attempt and has a value.
- `merge`: adds what is new in a map or list.
"""
FilterKind: TypeAlias = Literal["text", "number", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of runs.

    Args:
        description: one sentence for the documentation.
        header: path of the value in a journal's header, for example `run.job_type` or `process.host`; empty: the server
            sets the value.
        update: what a later header of the same run changes.
        filter_as: how the filter language compares the column and the runs table sorts it; None: not at all.
        stored_as: the SQL column; default: the field's name.
        is_stored: False: the value is read from another table.
        is_long: True: the integer has 64 bits instead of 32.
    """

    description: str
    header: str = ""
    update: Update = "never"
    filter_as: FilterKind | None = None
    stored_as: str = ""
    is_stored: bool = True
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredColumn:
    """A field of a message with its declaration.

    Attributes:
        name: the field's name: in JSON, in filters and in the runs table.
        sql_name: name of the SQL column.
        kind: the type without parameters and without None: `str`, `int`, `float`, `list` or `dict`.
        is_nullable: True: the value may be None.
        column: the declaration.
    """

    name: str
    sql_name: str
    kind: type
    is_nullable: bool
    column: Column


def declared_columns(message: type) -> tuple[DeclaredColumn, ...]:
    """Return the fields of a message that declare a column, in the order of declaration."""
    found = []
    for name, hint in get_type_hints(message, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        given, *extras = get_args(hint)
        for column in extras:
            if isinstance(column, Column):
                kind, is_nullable = _kind_of(given)
                found.append(DeclaredColumn(name, column.stored_as or name, kind, is_nullable, column))
    return tuple(found)


def _kind_of(hint: object) -> tuple[type, bool]:
    if get_origin(hint) is Literal:
        return type(get_args(hint)[0]), False
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (part for part in get_args(hint) if part is not type(None))
        return _kind_of(hint)[0], True
    kind = get_origin(hint) or hint
    assert isinstance(kind, type)  # noqa: S101  a message's fields have plain types
    return kind, False

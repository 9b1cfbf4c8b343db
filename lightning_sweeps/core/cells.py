"""Shows values in notebook cells as tables, and at a Python prompt in one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

MOST_COLUMNS = 30
MOST_CHARACTERS = 300


class ShownInCells:
    """Base class of values that show their main facts, not every field. A subclass defines `_facts`."""

    __slots__ = ()

    def _facts(self) -> Mapping[str, Any]:
        """Return what a reader wants to know first, by name. Values that are None or empty are not shown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in _known(self._facts()))
        return f"{type(self).__name__}({shown})"

    def _repr_html_(self) -> str:
        return facts_html(type(self).__name__, self._facts())


def facts_html(title: str, facts: Mapping[str, Any], *, link: str = "") -> str:
    """Return facts as an HTML table with two columns.

    Args:
        title: Heading of the table.
        facts: Values by name. Values that are None or empty are left out.
        link: Address that the heading links to; empty: no link.
    """
    heading = escape(title)
    if link:
        heading = f'<a href="{escape(link)}" target="_blank" rel="noreferrer">{heading}</a>'
    rows = [f"<tr><th>{escape(name)}</th>{_cell(value)}</tr>" for name, value in _known(facts)]
    return f"<table><caption>{heading}</caption>{''.join(rows)}</table>"


def rows_html(rows: Sequence[Mapping[str, Any]], *, note: str = "") -> str:
    """Return rows as an HTML table. Columns in which no row has a value are left out.

    Args:
        rows: The rows. Their keys become columns, in the order of their first use.
        note: Text below the table.
    """
    names = [name for name in _names(rows) if any(not _is_empty(row.get(name)) for row in rows)]
    left_out = f"; {len(names) - MOST_COLUMNS} more columns" if len(names) > MOST_COLUMNS else ""
    names = names[:MOST_COLUMNS]
    header = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(_cell(row.get(name)) for name in names)}</tr>" for row in rows)
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table><p>{escape(note + left_out)}</p>"


def text_of(value: Any) -> str:
    """Return a value as short text: five digits, and `name=value` for each entry of a map."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        text = ", ".join(f"{name}={text_of(entry)}" for name, entry in value.items())
    elif isinstance(value, float):
        text = f"{value:.5g}"
    else:
        text = str(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _known(facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in facts.items() if not _is_empty(value)]


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _cell(value: Any) -> str:
    return f"<td>{escape(text_of(value))}</td>"

"""Splits a filter of MLflow into comparisons. Pure functions.

A filter is `KIND.KEY OPERATOR VALUE`, joined by AND. Keys may be in quotes or backticks, values are numbers, or text in
quotes, or a list of texts in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.filters import MAX_CHARACTERS, MAX_COMPARISONS

Value: TypeAlias = float | str | tuple[str, ...] | None

OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"})
_WORDS = re.compile(
    r"""
    \s*(?:
      (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<sign><=|>=|!=|<>|==|=|<|>)
    | (?P<bracket>[(),])
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    | (?P<name>[A-Za-z_][\w/\-:@]*(?:\.(?:[\w/\-:@]+|"[^"]*"|`[^`]*`))*|`[^`]*`)
    )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class FilterCondition:
    """One comparison of a filter.

    Attributes:
        kind: what precedes the key, such as `metrics`; empty: nothing.
        key: the key.
        operator: one of `OPERATORS`.
        value: what it is compared with; None for `IS NULL`.
    """

    kind: str
    key: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str


def conditions(text: str) -> list[FilterCondition]:
    """Return the comparisons of a filter. All of them must hold.

    Raises:
        UsageError: the text is not a filter.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"the filter has {len(text)} characters, allowed: {MAX_CHARACTERS}")
    words = _Words(text)
    found: list[FilterCondition] = []
    while not words.is_empty():
        if found:
            words.take_keyword("AND")
        found.append(_condition(words))
    if len(found) > MAX_COMPARISONS:
        raise UsageError(f"the filter has {len(found)} comparisons, allowed: {MAX_COMPARISONS}")
    return found


def split_name(name: str) -> tuple[str, str]:
    """Return the kind and the key of a name such as `metrics.loss`, without quotes."""
    kind, point, key = name.partition(".")
    if not point or name.startswith(("`", '"')):
        return "", _unquoted(name)
    return kind.lower(), _unquoted(key)


def _condition(words: _Words) -> FilterCondition:
    kind, key = split_name(words.take("name").text)
    operator = words.take_operator()
    if operator in ("IS NULL", "IS NOT NULL"):
        return FilterCondition(kind, key, operator, None)
    if operator in ("IN", "NOT IN"):
        return FilterCondition(kind, key, operator, tuple(words.take_list()))
    return FilterCondition(kind, key, operator, words.take_value())


class _Words:
    """The words of a filter, from the first to the last."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = list(_split(text))
        self._at = 0

    def is_empty(self) -> bool:
        return self._at == len(self._words)

    def take(self, *kinds: str) -> _Word:
        """Return the next word.

        Raises:
            UsageError: there is none, or it is of another kind.
        """
        word = self._words[self._at] if not self.is_empty() else _Word("end", "the end")
        if word.kind not in kinds:
            raise self._refused(f"`{word.text[:40]}` where a {' or a '.join(kinds)} is expected")
        self._at += 1
        return word

    def take_keyword(self, *wanted: str) -> str:
        word = self.take("name").text.upper()
        if word not in wanted:
            hint = "MLflow's filters join comparisons by AND only" if word == "OR" else None
            raise self._refused(f"`{word[:40]}` where {' or '.join(wanted)} is expected", hint)
        return word

    def take_operator(self) -> str:
        word = self.take("sign", "name")
        if word.kind == "sign":
            return {"==": "=", "<>": "!="}.get(word.text, word.text)
        name = word.text.upper()
        if name == "NOT":
            return f"NOT {self.take_keyword('IN')}"
        if name == "IS":
            following = self.take_keyword("NULL", "NOT")
            return "IS NULL" if following == "NULL" else f"IS NOT {self.take_keyword('NULL')}"
        if name not in OPERATORS:
            raise self._refused(f"the operator `{word.text[:40]}`", f"allowed: {', '.join(sorted(OPERATORS))}")
        return name

    def take_value(self) -> float | str:
        word = self.take("text", "number")
        return float(word.text) if word.kind == "number" else _unquoted(word.text)

    def take_list(self) -> Iterator[str]:
        self._take_bracket("(")
        while True:
            yield _unquoted(self.take("text").text)
            if self._take_bracket(",", ")") == ")":
                return

    def _take_bracket(self, *wanted: str) -> str:
        found = self.take("bracket").text
        if found not in wanted:
            raise self._refused(f"`{found}` where {' or '.join(f'`{one}`' for one in wanted)} is expected")
        return found

    def _refused(self, what: str, hint: str | None = None) -> UsageError:
        return UsageError(f"Invalid filter `{self._text[:200]}`: it has {what}", hint=hint)


def _split(text: str) -> Iterator[_Word]:
    at = 0
    while text[at:].strip():
        found = _WORDS.match(text, at)
        if found is None or found.lastgroup is None:
            unknown = text[at:].strip()[:20]
            raise UsageError(f"Invalid filter `{text[:200]}`: `{unknown}` is neither a name nor a value")
        yield _Word(found.lastgroup, found[found.lastgroup])
        at = found.end()


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`"
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if is_quoted else text

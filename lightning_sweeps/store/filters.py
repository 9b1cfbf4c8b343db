"""Parses the filter language of the runs table. `run_columns.py` translates the result to SQL; nothing is evaluated.

    state = finished and (summary.val/loss < 0.3 or config.net.depth >= 4) and not tags has debug

A comparison is a column, an operator and a value. The operators are `=`, `!=`, `<`, `<=`, `>`, `>=`, `~` (contains, in
upper or lower case), `has` (for tags) and `in (a, b)`. Values are numbers, `true`, `false`, `null`, words, or text in
quotes. Names with spaces or operators are written in backticks: `summary.`val loss``. `not` binds before `and`, and
`and` before `or`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lightning_sweeps.errors import UsageError

MAX_CHARACTERS = 10_000
MAX_DEPTH = 16
"""SQLite's parser takes about 20 levels in the longest query of the runs table."""
MAX_COMPARISONS = 100
"""The database compiles and runs every comparison for every run. `in` with a long list is one comparison."""
HINT = "for example `state = failed and summary.val/loss < 0.3`; `lightning-sweeps docs http-api` has the language"

Value: TypeAlias = float | bool | str | None
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "~", "has", "in", "like", "ilike"]
"""`like` and `ilike` are those of SQL. Clients of other tools use them: the filter language has no word for them."""


def like(pattern: str, *, ignores_case: bool) -> Callable[[str], bool]:
    """Return the test of a text by a pattern of SQL: `%` stands for any text, `_` for one character.

    The parts between `%` are searched for one after the other, so the time grows with the text and not with its powers.
    """
    flags = re.DOTALL | (re.IGNORECASE if ignores_case else re.RegexFlag(0))
    parts = ["".join("." if one == "_" else re.escape(one) for one in part) for part in pattern.split("%")]
    if len(parts) == 1:
        whole = re.compile(parts[0], flags)
        return lambda text: whole.fullmatch(text) is not None
    first, *middle = (re.compile(part, flags) for part in parts[:-1])
    last, last_length = re.compile(parts[-1], flags), len(pattern.rpartition("%")[2])

    def matches(text: str) -> bool:
        found = first.match(text)
        for part in middle:
            found = found and part.search(text, found.end())
        start = len(text) - last_length
        return found is not None and start >= found.end() and last.match(text, start) is not None

    return matches


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column, an operator and its values."""

    column: str
    operator: Operator
    values: tuple[Value, ...]
    """One value; several for `in`."""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a filter."""

    part: Filter


@dataclass(frozen=True, slots=True)
class Combination:
    """All parts (`and`), or any of them (`or`)."""

    word: Literal["and", "or"]
    parts: tuple[Filter, ...]


Filter: TypeAlias = "Comparison | Not | Combination"

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator><=|>=|!=|==|=|<|>|~|\(|\)|,)
      | (?P<word>(?:[^\s"'`()<>=!~,]|`[^`]*`)+)
    )""",
    re.VERBOSE,
)
_OPERATORS: dict[str, Operator] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "~": "~",
    "has": "has",
    "in": "in",
}
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "none": None}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse_filter(text: str) -> Filter | None:
    """Parse a filter; return None for an empty one.

    Raises:
        UsageError: there is a syntax error; the message says where.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"the filter has {len(text)} characters, allowed: {MAX_CHARACTERS}")
    tokens = _tokens(text)
    if not tokens:
        return None
    parser = _Parser(text, tokens)
    found = parser.any_of(0)
    if parser.peek() is not None:
        raise parser.fault("`and`, `or` or the end")
    return found


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise UsageError(f"the filter has a syntax error at character {at + 1}: `{text[at : at + 20]}`", hint=HINT)
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0
        self._comparisons = 0

    def peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def any_of(self, depth: int) -> Filter:
        return self._joined("or", depth)

    def fault(self, wanted: str) -> UsageError:
        token = self.peek()
        given = f"`{token.text}` at character {token.at + 1}" if token is not None else "its end"
        return UsageError(f"the filter has {given}, expected: {wanted}", hint=HINT)

    def _joined(self, word: Literal["and", "or"], depth: int) -> Filter:
        parts = [self._joined("and", depth) if word == "or" else self._single(depth)]
        while self._take_word(word):
            parts.append(self._joined("and", depth) if word == "or" else self._single(depth))
        return parts[0] if len(parts) == 1 else Combination(word, tuple(parts))

    def _single(self, depth: int) -> Filter:
        if depth > MAX_DEPTH:
            raise UsageError(f"the filter is nested too deeply, allowed: {MAX_DEPTH} levels")
        if self._take_word("not"):
            return Not(self._single(depth + 1))
        if self._take_sign("("):
            inner = self.any_of(depth + 1)
            if not self._take_sign(")"):
                raise self.fault("`)`")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        token = self.peek()
        if token is None or token.kind != "word":
            raise self.fault("a column")
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise UsageError(
                f"the filter has more than {MAX_COMPARISONS} comparisons",
                hint="use `in`: `name in (a, b, c)` is one comparison",
            )
        self._next += 1
        column = token.text.replace("`", "")
        token = self.peek()
        operator = None if token is None or token.kind == "string" else _OPERATORS.get(token.text.lower())
        if operator is None:
            raise self.fault("one of `= != < <= > >= ~ has in`")
        self._next += 1
        if operator != "in":
            return Comparison(column, operator, (self._value(),))
        if not self._take_sign("("):
            raise self.fault("`(`")
        values = [self._value()]
        while self._take_sign(","):
            values.append(self._value())
        if not self._take_sign(")"):
            raise self.fault("`,` or `)`")
        return Comparison(column, operator, tuple(values))

    def _value(self) -> Value:
        token = self.peek()
        if token is None or token.kind == "operator":
            raise self.fault("a value")
        self._next += 1
        if token.kind == "string":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.text.lower() in _WORDS:
            return _WORDS[token.text.lower()]
        return float(token.text) if _NUMBER.fullmatch(token.text) else token.text.replace("`", "")

    def _take_word(self, word: str) -> bool:
        token = self.peek()
        is_there = token is not None and token.kind == "word" and token.text.lower() == word
        self._next += is_there
        return is_there

    def _take_sign(self, sign: str) -> bool:
        token = self.peek()
        is_there = token is not None and token.kind == "operator" and token.text == sign
        self._next += is_there
        return is_there

"""The macros in the `command` of a sweep file: `${name}`. The checks and the agent read words with these functions.

Programs use the same notation: bash writes `${HOME}`, Hydra `${now:%Y}`. A `${name}` inside a longer word that is not a
macro is therefore left unchanged, and `$${name}` is the text `${name}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Literal

ArgumentForm = Literal["wandb", "dotted"]
ARGUMENT_FORMS: tuple[ArgumentForm, ...] = ("wandb", "dotted")
"""The forms of parameters in `${args}` and the macros like it."""

WHOLE_TOKEN_MACROS: dict[str, str] = {
    "env": "`/usr/bin/env`",
    "args": "`--key=value` for each parameter",
    "args_dotted": "`--key=value` for each parameter, nested ones with dotted names, lists, maps and null as JSON",
    "args_no_hyphens": "`key=value` for each parameter",
    "args_no_equals": "`--key value` for each parameter, as two tokens",
    "args_no_boolean_flags": "`--key=value`; a true parameter is `--key`, a false one is left out",
    "args_append_hydra": "`+key=value` for each parameter",
    "args_override_hydra": "`++key=value` for each parameter",
}
"""Macros that expand to any number of words. Each must be a separate word."""

ARGUMENT_MACROS = frozenset(WHOLE_TOKEN_MACROS) - {"env"}
"""Macros that expand to the parameters."""

TEXT_MACROS: dict[str, str] = {
    "interpreter": "the Python that runs the agent",
    "program": "the sweep's `program`",
    "args_json": "all parameters as one JSON object",
    "args_json_file": "the path of a file that holds this JSON object",
    "args_dict": "all parameters as one JSON object",
}
"""Macros that expand to text. They may be part of a longer word."""

KNOWN_MACROS: frozenset[str] = frozenset(WHOLE_TOKEN_MACROS) | frozenset(TEXT_MACROS)

ENVVAR_PREFIX = "envvar:"
ENVVAR_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_MACRO = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_UNCLOSED = re.compile(r"(?<!\$)\$\{[A-Za-z_][A-Za-z0-9_.:-]*\Z")


def names_in(word: str) -> Iterator[str]:
    """Yield the name of each `${name}` in a word, macro or not."""
    return (match[1] for match in _MACRO.finditer(word) if match[1] is not None)


def whole_name(word: str) -> str | None:
    """Return the name if the whole word is `${name}`."""
    match = _MACRO.fullmatch(word)
    return match[1] if match else None


def is_unclosed(word: str) -> bool:
    """Return whether a word ends within a macro."""
    return _UNCLOSED.search(word) is not None


def is_macro(name: str, word: str, parameters: Collection[str]) -> bool:
    """Return whether `${name}` in this word is a macro, known or misspelt. Otherwise it is text for the program.

    Args:
        name: one of `names_in(word)`.
        word: a word of `command`.
        parameters: the dotted names of all parameters.
    """
    if name in KNOWN_MACROS or name in parameters or name.startswith(ENVVAR_PREFIX):
        return True
    return name == whole_name(word) and _NAME.fullmatch(name) is not None


def replace(word: str, parameters: Collection[str], text_of: Callable[[str], str]) -> str:
    """Return a word with the text of its macros in their places.

    Args:
        word: a word of `command`.
        parameters: the dotted names of all parameters.
        text_of: returns the text of a macro by its name.
    """

    def text(match: re.Match[str]) -> str:
        if match[1] is None:
            return "${"
        return text_of(match[1]) if is_macro(match[1], word, parameters) else match[0]

    return _MACRO.sub(text, word)

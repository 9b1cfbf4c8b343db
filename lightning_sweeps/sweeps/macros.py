"""The macros in the `command` of a sweep file. The checks and the agent use the same pattern."""

from __future__ import annotations

import re
from typing import Literal

WHOLE_TOKEN_MACROS: dict[str, str] = {
    "env": "`/usr/bin/env`",
    "args": "`--key=value` for each parameter",
    "args_no_hyphens": "`key=value` for each parameter",
    "args_no_equals": "`--key value` for each parameter, as two tokens",
    "args_no_boolean_flags": "`--key=value`; a true parameter is `--key`, a false one is left out",
    "args_append_hydra": "`+key=value` for each parameter",
    "args_override_hydra": "`++key=value` for each parameter",
}
"""Macros that expand to any number of words. Each must be a separate word."""

TEXT_MACROS: dict[str, str] = {
    "interpreter": "the Python that runs the agent",
    "program": "the sweep's `program`",
    "args_json": "all parameters as one JSON object",
    "args_json_file": "the path of a file that holds this JSON object",
    "args_dict": "all parameters as one JSON object",
}
"""Macros that expand to text. They may be part of a longer word."""

KNOWN_MACROS: frozenset[str] = frozenset(WHOLE_TOKEN_MACROS) | frozenset(TEXT_MACROS)

MACRO = re.compile(r"\$\{([^{}]*)\}")
"""One macro. Group 1 is its name: one of `KNOWN_MACROS`, `envvar:NAME`, or a parameter (dotted if nested)."""

UNCLOSED = re.compile(r"\$\{[^}]*\Z|\$\{[^{}]*\{")
"""The start of a macro without an end."""

ENVVAR_PREFIX = "envvar:"
ENVVAR_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

DEFAULT_COMMAND = ["${env}", "${interpreter}", "${program}", "${args}"]

MacroKind = Literal["whole", "text", "envvar", "other"]


def kind_of(name: str) -> MacroKind:
    """Return the kind of a macro; `other` is the name of a parameter or a mistake."""
    if name in WHOLE_TOKEN_MACROS:
        return "whole"
    if name in TEXT_MACROS:
        return "text"
    return "envvar" if name.startswith(ENVVAR_PREFIX) else "other"

"""The macros of a sweep file's `command`, as data: the checker and the agent read them with the same pattern."""

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
"""Macros that become no token, one or many: each must stand alone in its place of the list."""

TEXT_MACROS: dict[str, str] = {
    "interpreter": "the Python that runs the agent",
    "program": "the sweep's `program`",
    "args_json": "all parameters as one JSON object",
    "args_json_file": "the path of a file that holds this JSON object",
    "args_dict": "all parameters as one JSON object",
}
"""Macros that become one piece of text: they may also stand inside a longer token."""

KNOWN_MACROS: frozenset[str] = frozenset(WHOLE_TOKEN_MACROS) | frozenset(TEXT_MACROS)

MACRO = re.compile(r"\$\{([^{}]*)\}")
"""One macro; group 1 is its name: of `KNOWN_MACROS`, `envvar:NAME`, or a parameter (nested ones dotted)."""

UNCLOSED = re.compile(r"\$\{[^}]*\Z|\$\{[^{}]*\{")
"""The start of a macro that never ends."""

ENVVAR_PREFIX = "envvar:"
ENVVAR_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

DEFAULT_COMMAND = ["${env}", "${interpreter}", "${program}", "${args}"]

MacroKind = Literal["whole", "text", "envvar", "other"]


def kind_of(name: str) -> MacroKind:
    """Return what the macro `name` is; `other` is the name of a parameter or a mistake."""
    if name in WHOLE_TOKEN_MACROS:
        return "whole"
    if name in TEXT_MACROS:
        return "text"
    return "envvar" if name.startswith(ENVVAR_PREFIX) else "other"

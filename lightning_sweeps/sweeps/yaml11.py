"""The values that YAML 1.1 gives to unquoted words. W&B reads sweep files with PyYAML, which implements this version.

https://yaml.org/type/ lists its types. Dates are left out: as text on a command line they look the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_KINDS = ("null", "bool", "int", "float")


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """An unquoted word with different values in the two versions.

    Attributes:
        line: line of the word, from 1.
        text: the word.
        core: its value in YAML 1.2.
        old: its value in YAML 1.1.
    """

    line: int
    text: str
    core: Any
    old: Any


def read_word(text: str) -> Any:
    """Return the value of an unquoted word in YAML 1.1."""
    loader = yaml.SafeLoader("")
    tag: str = loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    if tag.removeprefix(_TAG) not in _KINDS:
        return text
    try:
        return loader.construct_object(yaml.ScalarNode(tag, text))
    except ValueError:  # PyYAML resolves `0x_` and `._` as numbers and then cannot read them
        return text


def warnings(ambiguities: Iterable[Ambiguity]) -> list[str]:
    """Return a warning for each kind of ambiguity, with its words, their values and their lines."""
    groups: dict[tuple[type, type], list[Ambiguity]] = {}
    for found in ambiguities:
        groups.setdefault((type(found.core), type(found.old)), []).append(found)
    return [_warning(group) for group in groups.values()]


def _warning(group: list[Ambiguity]) -> str:
    lines = sorted({found.line for found in group})
    words = {found.text: found for found in group}.values()
    return (
        f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}: {_listed(found.text for found in words)}"
        f" {'are' if len(words) > 1 else 'is'} {_listed(unambiguous(found.core) for found in words)} here, and"
        f" {_listed(unambiguous(found.old) for found in words)} in W&B, which reads YAML 1.1; write it"
        " in the form that you mean, or set `yaml: 1.1` to read the file as W&B does"
    )


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def unambiguous(value: Any) -> str:
    """Return a notation of a value that both versions read as this value."""
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and "e" in text and "." not in text:
        return text.replace("e", ".0e")
    return text

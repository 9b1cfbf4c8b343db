"""Reads YAML with the core schema of version 1.2, and records the line of every key and item.

PyYAML implements version 1.1, in which `1e-5` is a string and `no` is false. Here `1e-5` is a number, `yes`, `no`, `on`
and `off` are strings, `0o17` is octal, dates stay strings, and a duplicate key is an error. Merge keys (`<<`) work.
Words that version 1.1 reads differently are recorded, and read like that if the document asks for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from lightning_sweeps.errors import Fault
from lightning_sweeps.sweeps import yaml11
from lightning_sweeps.sweeps.yaml_versions import YamlVersion

Path = tuple[str | int, ...]


MAX_NODES = 100_000
"""Limit against documents that aliases make huge."""

_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_KINDS = (("null", _NULL), ("bool", _BOOL), ("int", _INT), ("float", _FLOAT), ("merge", re.compile(r"<<\Z")))
_MAX_INTEGER_DIGITS = 4000


class _Loader(yaml.SafeLoader):
    """SafeLoader with the resolvers of the core schema only."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.words: set[int] = set()
        """The ids of the nodes that are words without quotes and tag."""

    def compose_scalar_node(self, anchor: dict[Any, yaml.Node]) -> yaml.ScalarNode:
        is_word = self.peek_event().implicit[0]  # type: ignore[no-untyped-call]
        node = super().compose_scalar_node(anchor)
        if is_word:
            self.words.add(id(node))
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(_TAG + name, pattern) for name, pattern in _KINDS] for first in ["", *"0123456789+-.~nNtTfF<"]
}


@dataclass(slots=True)
class Document:
    """A parsed document.

    Attributes:
        value: the document as Python objects.
        lines: line of each path, from 1.
        faults: errors in the YAML itself.
        shared: paths of the values that aliases repeat elsewhere.
        ambiguities: path of each word whose value depends on the version of YAML.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    shared: set[Path] = field(default_factory=set)
    ambiguities: dict[Path, yaml11.Ambiguity] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Return the line of `path` or of its nearest known parent; 0 if neither is known."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 0


def dotted(path: Path) -> str:
    """Return a path as text: `parameters.lr.values[2]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(text: str, version: YamlVersion = "1.2") -> Document:
    """Parse one document. Errors in the text are in `Document.faults`; nothing is raised.

    Args:
        text: the document.
        version: the version of YAML that gives unquoted words their values.
    """
    document = Document()
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        context = f", {error.context}" if error.context else ""
        document.faults.append(
            Fault(mark.line + 1 if mark else 0, "", f"this is not valid YAML: {error.problem}{context}")
        )
        return document
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        document.faults.append(Fault(0, "", f"this is not valid YAML: {error}"))
        return document
    if node is not None:
        try:
            document.value = _Builder(document, loader.words, version).build(node, ())
        except RecursionError:
            document.faults.append(Fault(0, "", "this is nested too deeply to be read"))
    return document


class _Builder:
    """Turns nodes into values, and records lines and errors in the document."""

    def __init__(self, document: Document, words: set[int], version: YamlVersion) -> None:
        self._document = document
        self._words = words
        self._version = version
        self._open: set[int] = set()
        self._first: dict[int, Path] = {}
        self._count = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        self._document.lines.setdefault(path, _line(node))
        self._count += 1
        if id(node) in self._open or self._count > MAX_NODES:
            reason = "an alias inside its own anchor" if id(node) in self._open else "too many aliased values"
            if self._count <= MAX_NODES + 1:
                self._fault(node, path, f"{reason} cannot be read")
            return None
        if self._first.setdefault(id(node), path) != path:
            self._document.shared.add(self._first[id(node)])
        self._open.add(id(node))
        try:
            return self._value(node, path)
        finally:
            self._open.discard(id(node))

    def _value(self, node: yaml.Node, path: Path) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._word(node, path) if id(node) in self._words else self._scalar(node, path)
        self._fault(node, path, f"the tag `{node.tag}` is not supported; leave it out")
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                merged = self._merge(value_node, path) | merged
                continue
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or not self._is_text(key_node):
                shown = "a list or a map" if key is None else f"`{key}`, not a string"
                self._fault(key_node, path, f"a key here is {shown}; keys are strings: put it in quotes")
                continue
            key = self._text(key_node, path) or ""
            here = (*path, key)
            if key in own:
                first = self._document.lines[here]
                self._fault(key_node, here, f"is given twice, first on line {first}; keep one of them")
                continue
            self._document.lines[here] = _line(key_node)
            own[key] = self.build(value_node, here)
        return merged | own

    def _is_text(self, node: yaml.Node) -> bool:
        """Return whether a key is text: not a number in the document's version of YAML."""
        if self._version == "1.1" and id(node) in self._words:
            return isinstance(yaml11.read_word(node.value), str | bool | None)
        return node.tag in (_TAG + "str", _TAG + "null", _TAG + "bool")

    def _merge(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for source in sources:
            value = self.build(source, path)
            if isinstance(value, dict):
                merged = value | merged
            else:
                self._fault(source, path, "`<<` takes a map or a list of maps")
        return merged

    def _word(self, node: yaml.ScalarNode, path: Path) -> Any:
        core, old = self._scalar(node, path), yaml11.read_word(node.value)
        if core == old and type(core) is type(old):
            return core
        if core != core and old != old:  # both are not a number
            return core
        self._document.ambiguities[path] = yaml11.Ambiguity(_line(node), node.value, core, old)
        return old if self._version == "1.1" else core

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text: str = node.value
        kind = node.tag.removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool" and _BOOL.match(text):
            return text.lower() == "true"
        if kind == "int" and _INT.match(text) and len(text) < _MAX_INTEGER_DIGITS:
            base = {"0o": 8, "0x": 16}.get(text[:2], 10)
            return int(text[2:] if base != 10 else text, base)
        if kind == "float" and _FLOAT.match(text):
            lowered = text.lower()
            return float(lowered.replace(".inf", "inf").replace(".nan", "nan") if lowered[-1] in "fn" else lowered)
        if kind in ("str", "merge"):
            return self._text(node, path)
        self._fault(node, path, f"`{text[:40]}` cannot be read with the tag `{node.tag}`")
        return None

    def _text(self, node: yaml.ScalarNode, path: Path) -> str | None:
        """Return a text, in which JSON files may write one character as two escapes, its surrogates."""
        text: str = node.value
        if text.isascii():
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._fault(node, path, "this text has half a character: an escape like `\\ud83d` without its second half")
            return None

    def _fault(self, node: yaml.Node, path: Path, message: str) -> None:
        self._document.faults.append(Fault(_line(node), dotted(path), message))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1

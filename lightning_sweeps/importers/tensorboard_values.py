"""Reads one value of a TensorBoard summary: a number, an image, a sound, a histogram, a text, or hyperparameters.

Messages: `summary.proto` and `tensor.proto` of TensorFlow, and `plugin_data.proto` of TensorBoard's plugin for
hyperparameters. Writers of TensorFlow 2 put every kind of value into a tensor and name the plugin that shows it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lightning_sweeps.core.mime_types import HISTOGRAM, PNG, TEXT, WAV
from lightning_sweeps.importers import protobuf
from lightning_sweeps.importers.imported_run import ImportedFile

_FLOAT, _DOUBLE, _INT32, _STRING, _INT64, _HALF = 1, 2, 3, 7, 9, 19
"""Values of the enum `DataType`."""
_FORMATS = {_FLOAT: "f", _DOUBLE: "d", _INT32: "i", _INT64: "q", _HALF: "e"}
_HYPERPARAMETERS = "_hparams_/session_start_info"
_OTHER_HYPERPARAMETERS = "_hparams_/"
"""The tags of the plugin for hyperparameters; the others describe the experiment and its end."""
_SIZES_OF_IMAGES = 2
"""A tensor of images begins with their width and height."""
_LEFT_OUT = {8: "tensors"}
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
"""How contents begin that are no PNG."""


@dataclass(frozen=True, slots=True)
class SummaryValue:
    """What a value of a summary is: numbers, files or hyperparameters, or the kind of what is left out."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    files: list[ImportedFile] = field(default_factory=list)
    config: Mapping[str, Any] = field(default_factory=dict)
    left_out: str = ""


@dataclass(slots=True)
class _Tensor:
    """A tensor: its shape, and its elements as numbers or as texts."""

    sizes: list[int] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)


def summary_value(entry: bytes) -> SummaryValue:
    """Return what the message `Summary.Value` says.

    Raises:
        ValueError: the message is damaged.
    """
    tag, plugin, plugin_data = "", "", b""
    found: dict[int, bytes] = {}
    for number, value in protobuf.fields(entry):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif number == 9 and isinstance(value, bytes):
            plugin, plugin_data = _plugin(value)
        elif isinstance(value, bytes):
            found[number] = value
    if tag == _HYPERPARAMETERS:
        return SummaryValue(config=_hyperparameters(plugin_data))
    if tag.startswith(_OTHER_HYPERPARAMETERS):
        return SummaryValue()
    if 2 in found:
        (scalar,) = protobuf.numbers(found[2], "f")
        return SummaryValue({tag: scalar})
    if 4 in found:
        return SummaryValue(files=[_image(tag, content) for content in _field_bytes(found[4], 4)])
    if 5 in found:
        return SummaryValue(files=[_histogram(tag, *_buckets(found[5]))])
    if 6 in found:
        return SummaryValue(files=[ImportedFile(tag, content, WAV) for content in _field_bytes(found[6], 4)])
    if 8 in found:
        return _of_tensor(tag, plugin, _tensor(found[8]))
    return SummaryValue(left_out=next((_LEFT_OUT[one] for one in found if one in _LEFT_OUT), "other values"))


def _of_tensor(tag: str, plugin: str, tensor: _Tensor) -> SummaryValue:
    """Return what a tensor is for the plugin that shows it."""
    if plugin == "text" and tensor.texts:
        return SummaryValue(files=[ImportedFile(tag, b"\n".join(tensor.texts), TEXT)])
    if plugin == "images" and len(tensor.texts) > _SIZES_OF_IMAGES:
        contents = tensor.texts[_SIZES_OF_IMAGES:]
        return SummaryValue(files=[_image(tag, content, index) for index, content in enumerate(contents)])
    if plugin == "audio" and tensor.texts:
        return SummaryValue(files=[ImportedFile(tag, tensor.texts[0], WAV)])
    if plugin == "histograms" and len(tensor.numbers) >= 3:
        left, right, counts = tensor.numbers[0::3], tensor.numbers[1::3], tensor.numbers[2::3]
        return SummaryValue(files=[_histogram(tag, [left[0], *right], counts)])
    if len(tensor.numbers) == 1 and math.prod(tensor.sizes) == 1:
        return SummaryValue({tag: float(tensor.numbers[0])})
    return SummaryValue(left_out="tensors")


def _image(tag: str, content: bytes, index: int = 0) -> ImportedFile:
    kind = next((mime for start, mime in _SIGNATURES.items() if content.startswith(start)), PNG)
    return ImportedFile(tag, content, kind, index)


def _histogram(tag: str, edges: list[float], counts: list[float]) -> ImportedFile:
    content = {"counts": [round(count) for count in counts], "edges": edges, "not_finite": 0}
    return ImportedFile(tag, json.dumps(content).encode(), HISTOGRAM)


def _buckets(message: bytes) -> tuple[list[float], list[float]]:
    """Return the edges and the counts of a `HistogramProto`, from its smallest to its largest value."""
    smallest, largest = 0.0, 0.0
    limits: list[float] = []
    counts: list[float] = []
    for number, value in protobuf.fields(message):
        if isinstance(value, bytes) and number in (1, 2, 6, 7):
            numbers = protobuf.numbers(value, "d")
            if number == 1:
                smallest = numbers[0]
            elif number == 2:
                largest = numbers[0]
            elif number == 6:
                limits += numbers
            else:
                counts += numbers
    edges = [smallest, *(min(limit, largest) for limit in limits)]
    return edges, counts


def _field_bytes(message: bytes, wanted: int) -> list[bytes]:
    return [value for number, value in protobuf.fields(message) if number == wanted and isinstance(value, bytes)]


def _plugin(metadata: bytes) -> tuple[str, bytes]:
    """Return the name and the data of the plugin that a `SummaryMetadata` names."""
    name, data = "", b""
    for plugin in _field_bytes(metadata, 1):
        for number, value in protobuf.fields(plugin):
            if number == 1 and isinstance(value, bytes):
                name = value.decode("utf-8", "replace")
            elif number == 2 and isinstance(value, bytes):
                data = value
    return name, data


def _hyperparameters(data: bytes) -> dict[str, Any]:
    """Return the hyperparameters of an `HParamsPluginData` with a `SessionStartInfo`."""
    found: dict[str, Any] = {}
    for session in _field_bytes(data, 3):
        for entry in _field_bytes(session, 1):
            parts = dict(protobuf.fields(entry))
            key, value = parts.get(1), parts.get(2)
            if isinstance(key, bytes) and isinstance(value, bytes):
                found[key.decode("utf-8", "replace")] = _plain_value(value)
    return found


def _plain_value(message: bytes) -> Any:
    """Return a `google.protobuf.Value`: a number, a text, a boolean or None."""
    for number, value in protobuf.fields(message):
        if number == 2 and isinstance(value, bytes):
            return protobuf.numbers(value, "d")[0]
        if number == 3 and isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if number == 4:
            return bool(value)
    return None


def _tensor(message: bytes) -> _Tensor:
    tensor = _Tensor()
    kind = 0
    for number, value in protobuf.fields(message):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            tensor.sizes = [size for dimension in _field_bytes(value, 2) for inner, size in protobuf.fields(dimension)
                            if inner == 1 and isinstance(size, int)]  # fmt: skip
        elif number == 4 and isinstance(value, bytes) and kind in _FORMATS:
            tensor.numbers = protobuf.numbers(value, _FORMATS[kind])
        elif number in (5, 6) and isinstance(value, bytes):
            tensor.numbers += protobuf.numbers(value, "f" if number == 5 else "d")
        elif number in (7, 10) and isinstance(value, int):
            tensor.numbers.append(float(protobuf.signed(value)))
        elif number == 8 and isinstance(value, bytes):
            tensor.texts.append(value)
    return tensor

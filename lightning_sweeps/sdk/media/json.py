"""Encodes plain values as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lightning_sweeps.core.mime_types import JSON
from lightning_sweeps.journal.objects import simpler
from lightning_sweeps.sdk.media.media_type import EncodedMedia


class JsonType:
    """The media type `json`."""

    accepted = "a map or a list of plain values"

    def accepts(self, value: object) -> bool:
        return isinstance(value, Mapping | list | tuple)

    def encode(self, values: Any, /) -> EncodedMedia:
        """Return `values` as JSON. Values are maps, lists, numbers, text, booleans and None."""
        return EncodedMedia(msgspec.json.encode(values, enc_hook=simpler), JSON)

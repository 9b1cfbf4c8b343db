"""The contract of media types.

Subclass it in your tests and override the two fixtures::

    class TestMolecule(MediaTypeContract):
        @pytest.fixture
        def media_type(self) -> MediaType:
            return MoleculeType()

        @pytest.fixture
        def examples(self) -> list[MediaExample]:
            return [MediaExample("CC(=O)O"), MediaExample("C1=CC=CC=C1", {"width": 300})]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.sdk.media.media_type import EncodedMedia, MediaType

MAX_MIME_LENGTH = 128
"""The longest MIME type that the server serves a file with."""


@dataclass(frozen=True, slots=True)
class MediaExample:
    """A value that a media type accepts.

    Attributes:
        value: the value.
        options: options of `encode`.
    """

    value: Any
    options: Mapping[str, Any] = field(default_factory=dict)


class MediaTypeContract:
    """Tests that a media type must pass. Override `media_type` and `examples`."""

    @pytest.fixture
    def media_type(self) -> MediaType:
        """Return the media type to test."""
        raise NotImplementedError("override the fixture `media_type`")

    @pytest.fixture
    def examples(self) -> Sequence[MediaExample]:
        """Return at least one value for each Python type that the media type accepts."""
        raise NotImplementedError("override the fixture `examples`")

    def test_it_is_made_without_arguments(self, media_type: MediaType) -> None:
        """`Run.log_media` creates an instance for each value."""
        assert isinstance(type(media_type)(), type(media_type))

    def test_it_says_what_it_accepts(self, media_type: MediaType) -> None:
        """`accepted` completes the message `a ... cannot be logged, allowed: <accepted>`."""
        assert media_type.accepted
        assert "\n" not in media_type.accepted

    def test_it_accepts_its_examples(self, media_type: MediaType, examples: Sequence[MediaExample]) -> None:
        """`accepts` is true for every example."""
        assert examples, "give at least one example"
        assert all(media_type.accepts(example.value) for example in examples)

    def test_it_rejects_unrelated_objects(self, media_type: MediaType) -> None:
        """`accepts` is false for objects without any content, and does not raise."""
        assert not media_type.accepts(object())
        assert not media_type.accepts(None)

    def test_it_returns_content_and_its_type(self, media_type: MediaType, examples: Sequence[MediaExample]) -> None:
        """The content is bytes or an existing file, and the MIME type has the form `type/subtype`."""
        for example in examples:
            encoded = media_type.encode(example.value, **example.options)
            assert isinstance(encoded, EncodedMedia)
            assert encoded.content.is_file() if isinstance(encoded.content, Path) else encoded.content
            assert len(encoded.mime) <= MAX_MIME_LENGTH
            assert re.fullmatch(r"[a-z]+/[\w.+-]+", encoded.mime)

    def test_the_same_value_has_the_same_content(self, media_type: MediaType, examples: Sequence[MediaExample]) -> None:
        """Files are stored by their content, so encoding is deterministic: no time and no random number in it."""
        for example in examples:
            first = media_type.encode(example.value, **example.options)
            assert type(media_type)().encode(example.value, **example.options) == first

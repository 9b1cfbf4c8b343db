"""MIME types of logged media, and which of them a browser may show inside a page.

Encoders and the server share this table. A type that is not in `INLINE_TYPES` is offered as a download: HTML and SVG,
for example, can contain a program that would run inside the page.
"""

from __future__ import annotations

PNG = "image/png"
APNG = "image/apng"
WAV = "audio/wav"
TEXT = "text/plain"
HTML = "text/html"
JSON = "application/json"
PLOTLY = "application/vnd.plotly.v1+json"
TABLE = "application/vnd.lightning-sweeps.table+json"
HISTOGRAM = "application/vnd.lightning-sweeps.histogram+json"
CONFUSION_MATRIX = "application/vnd.lightning-sweeps.confusion-matrix+json"
BINARY = "application/octet-stream"
"""A file of unknown type."""

INLINE_IMAGES = frozenset({PNG, APNG, "image/jpeg", "image/gif", "image/webp"})
INLINE_AUDIO = frozenset(
    {WAV, "audio/x-wav", "audio/mpeg", "audio/ogg", "audio/flac", "audio/mp4", "audio/webm"},
)
INLINE_VIDEO = frozenset({"video/mp4", "video/webm", "video/ogg"})
INLINE_TYPES = INLINE_IMAGES | INLINE_AUDIO | INLINE_VIDEO | {JSON, TEXT}
"""Types that the server sends under their own name. A browser displays them and runs nothing in them."""

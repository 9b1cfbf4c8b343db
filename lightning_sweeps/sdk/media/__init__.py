"""Media types: encode images, audio, video, tables and other values as files. None of them imports torch."""

from __future__ import annotations

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.sdk.media.media_type import MediaType

MEDIA_TYPES: Registry[type[MediaType]] = Registry(
    "media type",
    "lightning_sweeps.media_types",
    {
        "image": "lightning_sweeps.sdk.media.image:ImageType",
        "video": "lightning_sweeps.sdk.media.video:VideoType",
        "audio": "lightning_sweeps.sdk.media.audio:AudioType",
        "table": "lightning_sweeps.sdk.media.table:TableType",
        "histogram": "lightning_sweeps.sdk.media.histogram:HistogramType",
        "confusion_matrix": "lightning_sweeps.sdk.media.confusion_matrix:ConfusionMatrixType",
        "figure": "lightning_sweeps.sdk.media.figure:FigureType",
        "text": "lightning_sweeps.sdk.media.text:TextType",
        "html": "lightning_sweeps.sdk.media.html:HtmlType",
        "json": "lightning_sweeps.sdk.media.json:JsonType",
        "file": "lightning_sweeps.sdk.media.file:FileType",
    },
    required=("accepted", "accepts", "encode"),
)
"""Every media type by name. A package adds one with an entry point in the group `lightning_sweeps.media_types`."""

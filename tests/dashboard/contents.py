"""Small media and files of every kind, as a training program logs them."""

from __future__ import annotations

import hashlib
import io
import json
import math
import struct
import wave
import zlib
from dataclasses import dataclass, field
from typing import Any

from lightning_sweeps.client import Client
from lightning_sweeps.journal.records import ArtifactFileRecord, ArtifactRecord, Media
from tests.dashboard.fixtures import EVIL, Writer

OF_OURS = "application/vnd.lightning-sweeps."
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="window.broken=1"><script>window.broken=1</script>{EVIL}</svg>'
STEPS = 6


@dataclass(slots=True)
class Contents:
    """Logs contents of one run, and uploads them after its journal."""

    client: Client
    run: Writer
    sequence: int = 10_000
    sent: dict[str, bytes] = field(default_factory=dict)

    def media(self, key: str, step: int, content: bytes, mime: str, *, caption: str = "", index: int = 0) -> None:
        self.sequence += 1
        digest = self._keep(content)
        time = self.run.started + step
        self.run.add(Media(self.sequence, step, time, key, digest, len(content), mime, caption, index))

    def artifact(
        self,
        name: str,
        version: int,
        files: dict[str, bytes],
        *,
        aliases: list[str],
        score: float,
        kind: str = "model",
    ) -> None:
        self.sequence += 1
        entries = [ArtifactFileRecord(path, self._keep(content), len(content)) for path, content in files.items()]
        digest = hashlib.sha256("".join(entry.digest for entry in entries).encode()).hexdigest()
        more: dict[str, Any] = {"aliases": aliases, "metadata": {"score": score}, "files": entries}
        self.run.add(ArtifactRecord(self.sequence, self.run.started, name, kind, version, digest, **more))

    def send(self) -> None:
        self.run.send()
        for digest, content in self.sent.items():
            assert self.client.put_blob(digest, 0, content).is_stored

    def _keep(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self.sent[digest] = content
        return digest


def log_all(client: Client, run: Writer) -> None:
    """Log one of every kind of media, and two versions of a checkpoint."""
    contents = Contents(client, run)
    for step in range(STEPS):
        for index in range(3):
            picture = png(48, 48, shade=(40 * step, 80 * index, 120))
            contents.media("samples", step, picture, "image/png", caption=f"step {step}, digit {index}", index=index)
        counts = [round(1000 * math.exp(-(((bin_ - 16) / (12 - step)) ** 2))) for bin_ in range(32)]
        edges = [(at - 16) / 16 for at in range(33)]
        contents.media("weights", step, _json(counts=counts, edges=edges, not_finite=2), OF_OURS + "histogram+json")
    rows = [[EVIL, 0.5], ["plain", 1.25]]
    contents.media("predictions", 5, _json(columns=["name", "score"], rows=rows), OF_OURS + "table+json")
    matrix = _json(labels=["cat", "dog"], matrix=[[8, 2], [1, 9]])
    contents.media("confusion", 5, matrix, OF_OURS + "confusion-matrix+json")
    contents.media("speech", 5, _sound(), "audio/wav", caption="a tone")
    contents.media("remark", 5, EVIL.encode(), "text/plain")
    contents.media("drawing", 5, SVG.encode(), "image/svg+xml", caption=EVIL)
    made = {
        "command": ["python", "train.py", "--lr", "0.1"],
        "folder": "/home/me/program",
        "python": "3.11.2",
        "packages": {"torch": "2.13.0"},
        "git": {"commit": "0123456789abcdef", "branch": "main"},
    }
    contents.media("environment", 0, json.dumps(made).encode(), "application/json")
    for version in (0, 1):
        files = {"model.ckpt": b"weights" * (version + 1), "notes/read me.txt": EVIL.encode()}
        contents.artifact("model", version, files, score=0.5 + version, aliases=["best"] if version else [])
    contents.send()


def png(width: int, height: int, *, shade: tuple[int, int, int]) -> bytes:
    """Return a picture of one colour."""
    return picture([bytes(part % 256 for part in shade) * width] * height)


def picture(rows: list[bytes]) -> bytes:
    """Return a PNG of rows of pixels, three bytes each."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def _sound() -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(128 + round(100 * math.sin(at / 5)) for at in range(800)))
    return held.getvalue()


def _json(**values: object) -> bytes:
    return json.dumps(values).encode()

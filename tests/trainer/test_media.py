"""Media through SweepLogger: images, videos, audio, tables, texts, histograms, figures and matrices."""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import tempfile
import wave
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torchmetrics

from lightning_sweeps import SweepLogger
from lightning_sweeps.core.mime_types import CONFUSION_MATRIX, HISTOGRAM, TABLE
from lightning_sweeps.core.paths import Home
from lightning_sweeps.journal.records import Media
from lightning_sweeps.sdk.media.pixels import to_pixels
from tests.trainer.journals import logged_run, logged_runs

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture
def logged(home: Path) -> Callable[..., tuple[list[Media], list[bytes]]]:
    """Call a method of a logger, and return the records and the content of the files."""

    def call(method: str, *arguments: Any, **keywords: Any) -> tuple[list[Media], list[bytes]]:
        logger = SweepLogger()
        getattr(logger, method)(*arguments, **keywords)
        logger.finalize("success")
        media = logged_run(home).media
        contents = [Home(home).blob(entry.digest).read_bytes() for entry in media]
        for entry, content in zip(media, contents, strict=True):
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (entry.digest, entry.size_bytes)
        return media, contents

    return call


Logged = Callable[..., tuple[list[Media], list[bytes]]]


def read_png(data: bytes) -> tuple[list[npt.NDArray[np.uint8]], float]:
    """Return the frames of a PNG with filter 1, and the delay between them in seconds."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    position, frames, size, delay = 8, [], (0, 0, 0), 0.0
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind, content = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        assert zlib.crc32(kind + content) == struct.unpack_from(">I", data, position + 8 + length)[0]
        position += 12 + length
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack_from(">IIBB", content)
            size = (height, width, {0: 1, 4: 2, 2: 3, 6: 4}[colour])
        elif kind == b"fcTL":
            delay = struct.unpack_from(">H", content, 20)[0] / struct.unpack_from(">H", content, 22)[0]
        elif kind in (b"IDAT", b"fdAT"):
            rows = np.frombuffer(zlib.decompress(content[4 * (kind == b"fdAT") :]), np.uint8).reshape(size[0], -1)
            assert (rows[:, 0] == 1).all()
            frames.append(rows[:, 1:].reshape(size).cumsum(axis=1, dtype=np.uint8))
    return frames, delay


@pytest.mark.parametrize(
    ("image", "shape"),
    [
        (torch.arange(12.0).reshape(3, 4) / 11, (3, 4, 1)),
        (torch.rand(3, 5, 7), (5, 7, 3)),
        (np.arange(60, dtype=np.uint8).reshape(5, 4, 3), (5, 4, 3)),
        (np.zeros((2, 2, 4), np.uint8), (2, 2, 4)),
        (torch.tensor([[True, False]]), (1, 2, 1)),
    ],
)
def test_images(logged: Logged, image: Any, shape: tuple[int, ...]) -> None:
    media, [content] = logged("log_image", "samples", [image], step=7)
    assert [(entry.key, entry.step, entry.mime) for entry in media] == [("samples", 7, "image/png")]
    [[frame], _] = read_png(content)
    assert frame.shape == shape
    array = np.asarray(image)
    expected = (
        np.moveaxis(array, 0, 2) if array.shape[0] == 3 and array.ndim == 3 and shape[2] == 3 != shape[0] else array
    )
    factor = 255 if array.dtype.kind in "fb" else 1
    assert np.allclose(frame.reshape(-1), (expected * factor).reshape(-1).astype(float), atol=0.51)


def test_several_images_keep_their_order_and_captions(logged: Logged) -> None:
    images = [torch.full((2, 2), value) for value in (0.0, 1.0, 0.0)]
    media, _ = logged("log_image", "samples", images, caption=["a", "b", "c"])
    assert [(entry.index, entry.caption) for entry in media] == [(0, "a"), (1, "b"), (2, "c")]
    assert media[0].digest == media[2].digest, "the same content is stored once"


def test_an_image_may_contain_nan_and_infinity(logged: Logged) -> None:
    _, [content] = logged("log_image", "odd", [torch.tensor([[float("nan"), float("inf"), -1.0, 2.0]])])
    assert read_png(content)[0][0].reshape(-1).tolist() == [0, 255, 0, 255]


def test_a_path_and_an_object_that_saves_itself_are_images(logged: Logged, tmp_path: Path) -> None:
    class Picture:
        def save(self, stream: io.BytesIO, kind: str) -> None:
            stream.write(kind.encode())

    (tmp_path / "photo.jpg").write_bytes(b"jpeg")
    media, contents = logged("log_image", "mixed", [tmp_path / "photo.jpg", Picture()])
    assert [entry.mime for entry in media] == ["image/jpeg", "image/png"]
    assert contents == [b"jpeg", b"PNG"]


def test_a_video_of_frames_is_an_animation(logged: Logged) -> None:
    media, [content] = logged("log_video", "film", [torch.rand(5, 3, 8, 6)], fps=10)
    frames, delay = read_png(content)
    assert (media[0].mime, len(frames), frames[0].shape, delay) == ("image/apng", 5, (8, 6, 3), 0.1)


def test_audio_is_a_wav_file(logged: Logged) -> None:
    media, [content] = logged(
        "log_audio", "sound", [torch.tensor([[0.0, 1.0, -2.0], [0.5, 0.5, 0.5]])], sample_rate=8000
    )
    with wave.open(io.BytesIO(content)) as stream:
        assert (stream.getnchannels(), stream.getframerate(), stream.getnframes()) == (2, 8000, 3)
        assert np.frombuffer(stream.readframes(3), "<i2").tolist() == [0, 16383, 32767, 16383, -32767, 16383]
    assert media[0].mime == "audio/wav"


def test_tables_and_texts(logged: Logged) -> None:
    rows = [["a", 1, torch.tensor(0.5)], ["b", None, float("nan")]]
    media, [content] = logged("log_table", "table", ["name", "n", "score"], rows)
    assert media[0].mime == TABLE
    assert json.loads(content) == {"columns": ["name", "n", "score"], "rows": [["a", 1, 0.5], ["b", None, "nan"]]}


def test_text(logged: Logged) -> None:
    media, [content] = logged("log_text", "answer", text="Grüße")
    assert (media[0].mime, content.decode()) == ("text/plain", "Grüße")


def test_histogram(logged: Logged) -> None:
    media, [content] = logged("log_histogram", "weights", torch.tensor([0.0, 1.0, 1.0, float("nan")]), bins=2)
    assert media[0].mime == HISTOGRAM
    assert json.loads(content) == {"counts": [1, 2], "edges": [0.0, 0.5, 1.0], "not_finite": 1}


def test_figures(logged: Logged) -> None:
    class Matplotlib:
        def savefig(self, stream: io.BytesIO, format: str) -> None:  # noqa: A002
            stream.write(format.encode())

    media, contents = logged("log_figure", "figure", Matplotlib())
    assert (media[0].mime, contents) == ("image/png", [b"png"])


@pytest.mark.parametrize(
    ("method", "arguments", "keywords", "message"),
    [
        ("log_image", ("key", [torch.rand(5, 5, 5)]), {}, "image of shape"),
        ("log_image", ("key", ["missing.png"]), {}, "no file `missing.png`"),
        ("log_image", ("key", [object()]), {}, "cannot be logged as `image`"),
        ("log_image", ("key", [torch.rand(2, 2)]), {"caption": ["a", "b"]}, "caption"),
        ("log_image", ("", [torch.rand(2, 2)]), {}, "stored as `unnamed`"),
        ("log_image", ("a\nb", [torch.rand(2, 2)]), {}, r"stored as `a\?b`"),
        ("log_image", ("k" * 513, [torch.rand(2, 2)]), {}, "stored as `kkk"),
        ("log_image", ("key", [torch.rand(2, 2)]), {"masks": 1}, "ignored: masks"),
        ("log_video", ("key", [torch.rand(3, 3)]), {}, "time, channels"),
        ("log_video", ("key", [torch.rand(2, 3, 3, 3)]), {"fps": 0}, "fps"),
        ("log_audio", ("key", [torch.rand(9)]), {}, "sample_rate"),
        ("log_table", ("key", ["a"], [[1, 2]]), {}, "1 columns"),
        ("log_table", ("key", None, [[0] * 1001] * 1000), {}, "cells"),
        ("log_text", ("key",), {"text": "x" * (16 * 1024 * 1024 + 1)}, "text of"),
        ("log_histogram", ("key", ["a"]), {}, "numbers"),
        ("log_histogram", ("key", [1]), {"bins": 0}, "bins"),
        ("log_figure", ("key", 3), {}, "figure"),
        ("log_file", ("key", "missing"), {}, "no file"),
    ],
)
def test_wrong_values_are_reported_with_what_is_allowed(
    caplog: pytest.LogCaptureFixture,
    method: str,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    message: str,
) -> None:
    logger = SweepLogger()
    getattr(logger, method)(*arguments, **keywords)
    logger.finalize("success")
    assert re.search(message, caplog.text)


def test_one_image_and_a_batch_of_images_need_no_list(home: Path) -> None:
    logger = SweepLogger()
    logger.log_image("one", torch.rand(3, 4, 4))
    logger.log_image("batch", torch.rand(5, 3, 4, 4))
    logger.finalize("success")
    assert [(entry.key, entry.index) for entry in logged_run(home).media] == [
        ("one", 0),
        *(("batch", index) for index in range(5)),
    ]


@pytest.mark.parametrize(
    ("pixels", "expected", "message"),
    [
        (torch.full((3, 2, 2), 0.5), 128, None),
        (torch.full((3, 2, 2), 128.0), 128, "floats up to 128 are taken as pixels from 0 to 255"),
        (torch.tensor([[-1.0, 1.0]]), None, "pixels from -1 to 1 are clipped to 0 to 1"),
        (torch.tensor([[-3, 700]]), None, "pixels are -3 to 700"),
    ],
)
def test_it_is_said_how_pixels_are_scaled(
    caplog: pytest.LogCaptureFixture, pixels: torch.Tensor, expected: int | None, message: str | None
) -> None:
    if expected is not None:
        assert set(to_pixels(pixels).ravel().tolist()) == {expected}
    logger = SweepLogger()
    logger.log_image("image", [pixels])
    logger.finalize("success")
    assert (message in caplog.text) if message else not caplog.text


def test_a_home_that_cannot_be_written_does_not_stop_training(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write_text("a file where the folder should be")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    logger = SweepLogger()
    logger.log_image("samples", [torch.rand(2, 2)])
    logger.log_metrics({"loss": 1.0}, 0)
    logger.finalize("success")
    assert "cannot" in caplog.text


def test_a_rank_that_does_not_log_stores_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "job", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    logger = SweepLogger(mode="single")
    logger.log_image("samples", [torch.rand(2, 2)])
    assert not (home / "media").exists()
    assert logged_runs(home) == []


def test_torchmetrics_objects_of_every_kind(home: Path) -> None:
    predicted, true = torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 2, 1])
    metrics: dict[str, Any] = {
        "accuracy": torchmetrics.classification.MulticlassAccuracy(3, average="micro"),
        "per_class": torchmetrics.classification.MulticlassRecall(3, average=None),
        "confusion": torchmetrics.classification.MulticlassConfusionMatrix(3),
        "both": torchmetrics.MetricCollection([torchmetrics.classification.MulticlassPrecision(3, average="micro")]),
    }
    for metric in metrics.values():
        metric.update(predicted, true)
    logger = SweepLogger(prefix="val")
    logger.log_metrics(metrics, 3)
    logger.log_metrics({"tensor": torch.tensor([1.0, 2.0]), "plain": 1.0}, 4)
    logger.finalize("success")
    run = logged_run(home)
    assert run.series("val-accuracy") == [(3, 0.75)]
    assert run.series("val-per_class") == [(3, {"0": 1.0, "1": 0.5, "2": 1.0})]
    assert run.series("val-both") == [(3, {"MulticlassPrecision": 0.75})]
    assert run.series("val-tensor") == [(4, {"0": 1.0, "1": 2.0})]
    [matrix] = run.media
    assert (matrix.key, matrix.step, matrix.mime) == ("val-confusion", 3, CONFUSION_MATRIX)
    assert json.loads(Home(home).blob(matrix.digest).read_bytes())["matrix"] == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]

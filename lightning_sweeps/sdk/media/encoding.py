"""What people log besides numbers (tensors, arrays, figures, files) as bytes with a type: pure."""

from __future__ import annotations

import io
import math
import mimetypes
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import torch

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.png import Pixels, encode_png

MAX_PIXELS = 64_000_000
MAX_SAMPLES = 200_000_000
MAX_CELLS = 1_000_000
BINS = 64

PNG = "image/png"
APNG = "image/apng"
WAV = "audio/wav"
TEXT = "text/plain"
JSON = "application/json"
TABLE = "application/vnd.lightning-sweeps.table+json"
HISTOGRAM = "application/vnd.lightning-sweeps.histogram+json"
MATRIX = "application/vnd.lightning-sweeps.confusion-matrix+json"


@dataclass(frozen=True, slots=True)
class Encoded:
    """Bytes or a file, and their type."""

    content: bytes | Path
    mime: str


def encode_image(image: Any) -> Encoded:
    """Return an image file.

    Args:
        image: a path; a tensor or array of height x width, height x width x 1 to 4 or 1 to 4 x height x width,
            with whole numbers 0 to 255 or fractions 0 to 1; whatever can save itself as PNG (PIL); or a figure.

    Raises:
        UsageError: it is none of these, or too large.
    """
    if isinstance(image, str | Path):
        return encode_file(image)
    if isinstance(image, torch.Tensor | np.ndarray):
        return Encoded(encode_png([_pixels(image)]), PNG)
    if hasattr(image, "savefig"):
        return encode_figure(image)
    if hasattr(image, "save"):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return Encoded(buffer.getvalue(), PNG)
    raise UsageError(f"a `{type(image).__name__}` is no image, allowed: path, tensor, array, PIL image, figure")


def encode_video(video: Any, *, frames_per_s: float = 4.0) -> Encoded:
    """Return a film: a file as it is, or frames (time x channels x height x width) as an animated PNG.

    Raises:
        UsageError: it is neither, or too large.
    """
    if isinstance(video, str | Path):
        return encode_file(video)
    if not isinstance(video, torch.Tensor | np.ndarray) or video.ndim != 4 or not len(video):
        raise UsageError("a video is a path or a tensor of time x channels x height x width")
    if not 0 < frames_per_s < math.inf:
        raise UsageError(f"`fps` is `{frames_per_s}`, allowed: frames per second > 0")
    array = _array(video)
    if array.size > MAX_PIXELS:
        raise UsageError(f"a video of {array.size} values, allowed: {MAX_PIXELS}", hint="encode it, log the file")
    return Encoded(encode_png([_pixels(frame) for frame in array], frames_per_s=frames_per_s), APNG)


def encode_audio(audio: Any, *, sample_rate: int | None) -> Encoded:
    """Return a sound: a file as it is, or samples in -1 to 1 (samples, or channels x samples) as 16-bit WAV.

    Raises:
        UsageError: it is neither, too large, or samples come without their rate.
    """
    if isinstance(audio, str | Path):
        return encode_file(audio)
    array = _array(audio)
    if array.ndim not in (1, 2) or array.size > MAX_SAMPLES:
        raise UsageError(f"audio of shape {array.shape}, allowed: samples or channels x samples, {MAX_SAMPLES} in all")
    if sample_rate is None or sample_rate <= 0:
        raise UsageError(f"`sample_rate` is `{sample_rate}`, allowed: samples per second > 0")
    channels = np.atleast_2d(array)
    samples = (np.clip(np.nan_to_num(channels), -1, 1) * 32767).astype("<i2").T
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as stream:
        stream.setnchannels(channels.shape[0])
        stream.setsampwidth(2)
        stream.setframerate(int(sample_rate))
        stream.writeframes(samples.tobytes())
    return Encoded(buffer.getvalue(), WAV)


def encode_table(columns: Sequence[Any] | None, data: Any, dataframe: Any) -> Encoded:
    """Return a table of rows, or of a data frame (anything with `columns` and `itertuples`).

    Raises:
        UsageError: rows and columns do not fit one another, or there are too many cells.
    """
    if dataframe is not None:
        columns, data = list(dataframe.columns), dataframe.itertuples(index=False)
    rows = [list(row) for row in data or []]
    names = [str(name) for name in columns] if columns is not None else []
    width = len(names) or max((len(row) for row in rows), default=0)
    if any(len(row) != width for row in rows):
        raise UsageError(f"a table with {width} columns has rows of {sorted({len(row) for row in rows})} cells")
    if width * len(rows) > MAX_CELLS:
        raise UsageError(f"a table of {width * len(rows)} cells, allowed: {MAX_CELLS}", hint="log the file instead")
    cells = [[_cell(cell) for cell in row] for row in rows]
    return _json({"columns": names or [str(index) for index in range(width)], "rows": cells}, TABLE)


def encode_histogram(values: Any, *, bins: int = BINS) -> Encoded:
    """Return counts and edges of all finite elements of `values`; how many are not finite is told beside them.

    Raises:
        UsageError: `bins` is not 1 to 4096.
    """
    if not 1 <= bins <= 4096:
        raise UsageError(f"`bins` is `{bins}`, allowed: 1 to 4096")
    array = _array(values).ravel()
    finite = array[np.isfinite(array)]
    counts, edges = np.histogram(finite, bins=bins)
    found = {"counts": counts.tolist(), "edges": edges.tolist(), "not_finite": int(array.size - finite.size)}
    return _json(found, HISTOGRAM)


def encode_matrix(matrix: Any, *, labels: Sequence[str] | None = None) -> Encoded:
    """Return a confusion matrix: rows are true classes, columns predicted ones, as torchmetrics has it."""
    return _json({"labels": list(labels or []), "matrix": _array(matrix).tolist()}, MATRIX)


def encode_figure(figure: Any) -> Encoded:
    """Return a figure: Matplotlib's as PNG, Plotly's as its JSON.

    Raises:
        UsageError: it is neither.
    """
    if hasattr(figure, "savefig"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        return Encoded(buffer.getvalue(), PNG)
    if hasattr(figure, "to_json"):
        return Encoded(str(figure.to_json()).encode(), "application/vnd.plotly.v1+json")
    raise UsageError(f"a `{type(figure).__name__}` is no figure, allowed: Matplotlib's and Plotly's")


def encode_plain(values: Mapping[str, Any]) -> Encoded:
    """Return plain values as JSON."""
    return _json(values, JSON)


def _json(values: Mapping[str, Any], mime: str) -> Encoded:
    return Encoded(msgspec.json.encode(values), mime)


def encode_file(path: str | Path) -> Encoded:
    """Return a file as it is, with the type that its name tells.

    Raises:
        UsageError: there is none.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file `{path}`")
    mime, _ = mimetypes.guess_type(path.name)
    return Encoded(path, mime or "application/octet-stream")


def _array(values: Any) -> npt.NDArray[Any]:
    if isinstance(values, torch.Tensor):
        tensor = values.detach().cpu()
        return tensor.float().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise UsageError(f"a `{type(values).__name__}` is no array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise UsageError(f"an array of `{array.dtype}` holds no numbers")
    return array


def _pixels(image: Any) -> Pixels:
    """Return height x width x channels, 0 to 255."""
    array = _array(image)
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim == 3 and array.shape[0] in (1, 2, 3, 4):
        is_last = array.shape[2] in (1, 2, 3, 4)
        looks_first = array.shape[0] in (1, 3, 4) and array.shape[0] < array.shape[1]  # as torch has it
        if looks_first or not is_last:
            array = np.moveaxis(array, 0, 2)
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4) or not 0 < array.size <= MAX_PIXELS:
        raise UsageError(
            f"an image of shape {tuple(np.shape(image))}, allowed: height x width with 1 to 4 channels, "
            f"at most {MAX_PIXELS} values"
        )
    if array.dtype.kind == "f":
        array = np.clip(np.nan_to_num(array), 0, 1) * 255 + 0.5
    elif array.dtype.kind == "b":
        array = array * np.uint8(255)
    return np.ascontiguousarray(np.clip(array, 0, 255).astype(np.uint8))


def _cell(value: Any) -> Any:
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        value = _array(value).tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value)

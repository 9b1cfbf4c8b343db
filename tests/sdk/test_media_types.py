"""Media types: the contract, members of other packages, and logging from a program without torch."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

import lightning_sweeps
from lightning_sweeps.client import Client
from lightning_sweeps.core.mime_types import CONFUSION_MATRIX, HISTOGRAM, INLINE_TYPES, TABLE
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import NotFound
from lightning_sweeps.sdk.media import MEDIA_TYPES
from lightning_sweeps.sdk.media.media_type import MediaType
from lightning_sweeps.testing.media_type import MediaExample, MediaTypeContract
from tests.extensions import install_extension
from tests.servers import running_server, wait_until
from tests.service.services import running_service

PACKAGE = Path(lightning_sweeps.__file__).parent
HEAVY = ["torch", "lightning", "pytorch_lightning", "PIL", "matplotlib", "plotly", "pandas"]

MOLECULE = """
from lightning_sweeps.sdk.media.media_type import EncodedMedia

class MoleculeType:
    accepted = "a SMILES text"

    def accepts(self, value):
        return isinstance(value, str)

    def encode(self, smiles, /, *, width=200):
        return EncodedMedia(f"<svg width='{width}'>{smiles}</svg>".encode(), "image/svg+xml")

class BrokenType:
    accepted = "anything"

    def accepts(self, value):
        return True

    def encode(self, value, /):
        raise RuntimeError("no such library")

class RaisesInAccepts(BrokenType):
    def accepts(self, value):
        raise RuntimeError("a bug")
"""


class Figure:
    """Saves itself as Matplotlib's figures do."""

    def savefig(self, stream: Any, format: str) -> None:  # noqa: A002
        stream.write(format.encode())


class PlotlyFigure:
    """Converts itself as Plotly's figures do."""

    def to_json(self) -> str:
        return "{}"


EXAMPLES: dict[str, list[MediaExample]] = {
    "image": [MediaExample(np.eye(3)), MediaExample(np.zeros((3, 4, 5), np.uint8)), MediaExample(Figure())],
    "video": [MediaExample(np.zeros((2, 3, 4, 5)), {"fps": 10})],
    "audio": [MediaExample(np.zeros(8), {"sample_rate": 8000}), MediaExample([0.0, 1.0], {"sample_rate": 8000})],
    "table": [MediaExample([["a", 1]], {"columns": ["name", "n"]}), MediaExample([])],
    "histogram": [MediaExample(np.arange(9)), MediaExample([1, 2.5]), MediaExample(3)],
    "confusion_matrix": [MediaExample([[1, 0], [0, 1]], {"labels": ["a", "b"]})],
    "figure": [MediaExample(Figure()), MediaExample(PlotlyFigure())],
    "text": [MediaExample("Grüße")],
    "html": [MediaExample("<p>")],
    "json": [MediaExample({"a": [1, None]}), MediaExample([1])],
    "file": [
        MediaExample(b"x"),
        MediaExample(__file__),
        MediaExample(Path(__file__)),
        MediaExample(b"x", {"mime": "a/b"}),
    ],
}


@pytest.fixture(params=MEDIA_TYPES.names())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestBuiltInMediaTypes(MediaTypeContract):
    @pytest.fixture
    def media_type(self, kind: str) -> MediaType:
        return MEDIA_TYPES.get(kind)()

    @pytest.fixture
    def examples(self, kind: str) -> Sequence[MediaExample]:
        return EXAMPLES[kind]


PROGRAM = """
import json, sys
import numpy as np
import lightning_sweeps as ls

class Figure:
    def savefig(self, stream, format):
        stream.write(format.encode())

class Tensor:  # has the methods of a torch tensor
    ndim, shape = 4, (2, 3, 4, 5)
    def __len__(self): return 2
    def detach(self): return self
    def cpu(self): return self
    def numpy(self): return np.zeros(self.shape, np.float32)

run = ls.init("media", mode="single")
run.log({"x": 1}, step=7)
run.log_image("image", [np.eye(3), np.zeros((2, 3, 4))], caption=["a", "b"])
run.log_video("video", [Tensor()], fps=2)
run.log_audio("audio", [[0.0, 1.0]], sample_rate=8000)
run.log_table("table", ["name", "n"], [["a", 1]])
run.log_text("text", text="Grüße")
run.log_text("texts", ["said"], [["hello"]])
run.log_html("html", "<p>")
run.log_histogram("histogram", [1.0, 2.0], bins=2)
run.log_figure("figure", Figure())
run.log_confusion_matrix("matrix", [[1, 0], [0, 1]], labels=["a", "b"])
run.log_file("file", sys.argv[0])
run.log_media("bytes", b"content", mime="image/webp", step=9)
run.log_media("json", {"a": 1}, kind="json")
run.log_media("molecule", "CCO", kind="molecule", width=300)
run.log_media("broken", 1, kind="broken")
run.log_media("raises", 1, kind="raises")
run.log_media("options", "x", kind="text", unknown=1)
loaded = sorted({module.partition(".")[0] for module in sys.modules} & set(HEAVY))
print(json.dumps({"run": run.id, "loaded": loaded}))
ls.finish()
"""
EXPECTED = {
    "image": "image/png",
    "video": "image/apng",
    "audio": "audio/wav",
    "table": TABLE,
    "text": "text/plain",
    "texts": TABLE,
    "html": "text/html",
    "histogram": HISTOGRAM,
    "figure": "image/png",
    "matrix": CONFUSION_MATRIX,
    "file": "text/x-python",
    "bytes": "image/webp",
    "json": "application/json",
    "molecule": "image/svg+xml",
}


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The environment of a program that has the package with two media types."""
    members = {"molecule": "MoleculeType", "broken": "BrokenType", "raises": "RaisesInAccepts"}
    points = {"lightning_sweeps.media_types": members}
    return {**environment(), "PYTHONPATH": str(install_extension(tmp_path / "site", MOLECULE, points))}


def test_a_program_without_torch_logs_every_media_type_to_the_server(
    home: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    script = tmp_path / "train.py"
    script.write_text(f"HEAVY = {HEAVY}\n{PROGRAM}")
    with running_server(home) as (client, server), running_service(home):
        done = subprocess.run(
            [sys.executable, str(script)], env=variables, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        printed = json.loads(done.stdout.splitlines()[-1])
        assert printed["loaded"] == []
        run = printed["run"]
        wait_until(lambda: is_complete(client, run), what="all files on the server")
        entries = client.media(run)
        assert {entry.key: entry.mime for entry in entries} == EXPECTED
        assert [(entry.index, entry.caption) for entry in entries if entry.key == "image"] == [(0, "a"), (1, "b")]
        assert {entry.step for entry in entries} == {7, 9}
        [molecule] = [entry for entry in entries if entry.key == "molecule"]
        assert b"".join(client.blob(molecule.digest)) == b"<svg width='300'>CCO</svg>"
        for mime, is_inline in (("image/png", True), ("image/svg+xml", False), ("text/html", False)):
            address = f"{server.url}/api/blobs/{molecule.digest}"
            headers = {"Authorization": f"Bearer {server.token}"}
            answer = requests.get(address, params={"mime": mime}, headers=headers, timeout=30)
            assert answer.headers["Content-Disposition"].startswith("inline" if is_inline else "attachment")
            assert (answer.headers["Content-Type"] == mime) is is_inline
    assert "cannot log `broken` as `broken`: RuntimeError: no such library" in done.stderr
    assert "cannot log `raises` as `raises`: RuntimeError: a bug" in done.stderr


def is_complete(client: Client, run_id: str) -> bool:
    try:
        entries = client.media(run_id)
    except NotFound:
        return False
    return {entry.key for entry in entries} >= EXPECTED.keys() and all(entry.is_stored for entry in entries)


def test_a_media_type_of_another_package_passes_the_contract(tmp_path: Path, variables: dict[str, str]) -> None:
    tests = tmp_path / "test_molecule.py"
    tests.write_text(
        textwrap.dedent("""
            import pytest
            from an_extension import MoleculeType
            from lightning_sweeps.testing.media_type import MediaExample, MediaTypeContract

            class TestMolecule(MediaTypeContract):
                @pytest.fixture
                def media_type(self):
                    return MoleculeType()

                @pytest.fixture
                def examples(self):
                    return [MediaExample("CCO"), MediaExample("C", {"width": 300})]
        """)
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_no_module_of_the_sdk_imports_a_heavy_package() -> None:
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in (PACKAGE / "sdk").rglob("*.py")
    ]
    code = f"import sys, {', '.join(names)}; print(*set({HEAVY}) & set(sys.modules))".replace(".__init__", "")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_starting_a_run_does_not_import_numpy() -> None:
    code = "import sys, lightning_sweeps as ls; ls.init().log({'x': 1}); print({'numpy', 'torch'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("", b"x"), {}, "the key of media is stored as `unnamed`"),
        (("key", 5), {}, "a `int` cannot be logged as `file`, allowed: a path or bytes"),
        (("key", b"x", "film"), {}, "there is no media type `film`"),
        (("key", "missing.bin"), {}, "there is no file `missing.bin`"),
    ],
)
def test_wrong_use_of_log_media_is_reported_once(
    caplog: pytest.LogCaptureFixture, arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with lightning_sweeps.init() as run:
        run.log_media(*arguments, **options)
        run.log_media(*arguments, **options)
    assert caplog.text.count(message) == 1


def test_a_file_that_cannot_be_read_does_not_stop_training(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with lightning_sweeps.init() as run:
        run.log_media("key", tmp_path / "missing", mime="image/png")
    assert "cannot log `key` as `file`: FileNotFoundError" in caplog.text


def test_a_browser_shows_no_type_that_may_contain_a_program() -> None:
    assert not INLINE_TYPES & {"text/html", "image/svg+xml", "application/pdf", "text/javascript", "application/xml"}

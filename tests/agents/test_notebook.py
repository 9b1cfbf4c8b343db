"""The example notebook runs from its first cell to its last in a kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import running_server

pytest.importorskip("nbclient", reason="notebooks are run with the extra `dev`")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook" / "sweep.ipynb"
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, "run.ipynb")
"""


@pytest.mark.launch
def test_the_notebooks_sweep_is_finished(home: Path, tmp_path: Path) -> None:
    folders = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR")
    environment = os.environ | {name: str(tmp_path / name) for name in folders}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with running_server(home) as (client, _):
        done = subprocess.run(
            [sys.executable, "-c", RUN, NOTEBOOK],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (sweep,) = client.sweeps()
        trials = client.trials(sweep.id)
    assert (sweep.name, sweep.state) == ("a line in a notebook", "finished")
    assert [trial.state for trial in trials] == ["finished"] * 6
    printed = [
        "".join(output.get("text", ""))
        for cell in json.loads((tmp_path / "run.ipynb").read_text())["cells"]
        for output in cell.get("outputs", [])
    ]
    (losses,) = ([float(line.split()[0]) for line in text.splitlines()] for text in printed if "{'lr': " in text)
    assert losses == sorted(losses)
    assert len(losses) == 6
    assert any(text.startswith("the sweep is finished\n") for text in printed)
    tables = [
        "".join(output["data"].get("text/html", ""))
        for cell in json.loads((tmp_path / "run.ipynb").read_text())["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "display_data"
    ]
    assert any("6 trials done" in table and table.count("<td>finished</td>") == 6 for table in tables)
    assert not any(" starts: " in text for text in printed)

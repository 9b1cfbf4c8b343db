"""`make gpu`: what it says without a GPU, and a rehearsal on a stand-in, so that time on a real GPU is not lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.gpus import GIB, fake_nvml_environment
from tests.gpu.results import REHEARSAL

ROOT = Path(__file__).parents[2]
LIMIT_S = 1500
UNLIKE = ("FAKE_NVML", "PYTEST", "LIGHTNING_SWEEPS")

pytestmark = pytest.mark.slow


def run_script(**variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNLIKE)}
    return subprocess.run(
        ["sh", str(ROOT / "tests" / "gpu" / "run.sh")],
        env={**kept, "PYTHON": sys.executable, **variables},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_without_a_gpu_all_is_skipped_and_nothing_passed() -> None:
    done = run_script(ONLY="checks benchmark", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    counts = [line for line in done.stdout.splitlines() if line.startswith("0 passed, 0 failed, ")]
    assert len(counts) == 2
    results = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(results) > 40
    assert all(line.endswith("| skipped: no CUDA device: not checked |") for line in results)
    assert "no CUDA device, CUDA" in done.stdout
    assert "loop: skipped, no CUDA device" in done.stdout
    assert "benchmark: skipped" in done.stdout


def test_a_rehearsal_passes(tmp_path: Path) -> None:
    machine = fake_nvml_environment(gpus=1, memory_bytes=40 * GIB, busy_percent=60)["FAKE_NVML"]
    done = run_script(REHEARSAL="1", FAKE_NVML=machine, FAKE_NVML_MEMORY=str(tmp_path))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert REHEARSAL in done.stdout
    passed = [line for line in done.stdout.splitlines() if line.startswith("| ") and "| passed" in line]
    assert len(passed) >= 28

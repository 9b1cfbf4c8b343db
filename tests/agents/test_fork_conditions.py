"""What forbids to fork trials: threads, and a GPU library that was initialised."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NATIVE_THREAD = """
import ctypes, threading
from lightning_sweeps.agents.forking.threads import native_threads, thread_problem
def start():
    libc = ctypes.CDLL(None)
    libc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, ctypes.cast(libc.pause, ctypes.c_void_p), None)
assert thread_problem(native_threads()) == ""
start()
known = native_threads()
assert len(known) == 1
print(thread_problem(known))
print(thread_problem(frozenset()))
start()
print(thread_problem(known))
threading.Thread(target=threading.Event().wait, daemon=True).start()
print(thread_problem(native_threads()))
"""
CUDA_STUB = "int cuDeviceGetCount(int *count) { *count = 1; return RESULT; }"
ASK_CUDA = """
import ctypes, sys
from lightning_sweeps.system.gpus import used_gpu_library
before = used_gpu_library()
ctypes.CDLL(sys.argv[1])
print(repr(before), repr(used_gpu_library()))
"""


def run(code: str, *arguments: str) -> str:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_known_threads_in_c_may_sleep_and_all_others_forbid_a_fork() -> None:
    assert run(NATIVE_THREAD).splitlines() == [
        "",
        "the imports have started 1 more thread (`python`)",
        "the imports have started 1 more thread (`python`)",
        "the imports have started a thread in Python",
    ]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler, which makes a stand-in for CUDA's library")
@pytest.mark.parametrize(("result", "library"), [(0, "CUDA"), (3, ""), (100, "CUDA")])
def test_cuda_forbids_a_fork_once_it_is_initialised(tmp_path: Path, result: int, library: str) -> None:
    """`cuDeviceGetCount` returns 3, `CUDA_ERROR_NOT_INITIALIZED`, until some library has called `cuInit`."""
    source, stub = tmp_path / "cuda.c", tmp_path / "libcuda.so.1"
    source.write_text(CUDA_STUB.replace("RESULT", str(result)))
    command = ["cc", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", str(stub), str(source)]
    subprocess.run(command, check=True)
    assert run(ASK_CUDA, str(stub)) == f"'' {library!r}\n"

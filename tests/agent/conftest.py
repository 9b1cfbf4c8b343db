"""Agents here are told to end by Ctrl-C, also where a shell started these tests in the background."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """A shell's background job ignores SIGINT and what it starts inherits that; a handled signal is not inherited."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

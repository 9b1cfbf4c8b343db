"""Runs fitted search methods for the server: `python -m lightning_sweeps.server.process.suggest_worker [METHOD]`.

A request and its answer are one line of JSON each. The process ends when its input ends, so it never outlives the
server. It imports the libraries of METHOD before the first request.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import msgspec

from lightning_sweeps.sweeps.fit import FitRequest, answer
from lightning_sweeps.sweeps.methods import METHODS


def main() -> None:
    """Answer requests until the input ends."""
    with suppress(Exception):  # the answer to a request names the problem
        for method in sys.argv[1:]:
            METHODS.get(method).load()
    decoder = msgspec.json.Decoder(FitRequest)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(msgspec.json.encode(answer(decoder.decode(line))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

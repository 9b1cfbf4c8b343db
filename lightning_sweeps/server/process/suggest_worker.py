"""`python -m lightning_sweeps.server.process.suggest_worker`: fits models for the server, one question at a time.

A question and its answer are one line of JSON each. The process ends when its input does, so it cannot outlive the
server, whatever ends that.
"""

from __future__ import annotations

import sys

import msgspec

from lightning_sweeps.sweeps.fit import FitRequest, answer
from lightning_sweeps.sweeps.methods import warm_up


def main() -> None:
    """Answer until the input ends."""
    warm_up()
    decoder = msgspec.json.Decoder(FitRequest)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(msgspec.json.encode(answer(decoder.decode(line))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

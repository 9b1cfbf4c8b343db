"""`python -m lightning_sweeps.tuner SWEEP_ID`: runs a sweep's trials on every GPU of this machine.

The same as `lightning-sweeps agent SWEEP_ID`. Under torchrun on several machines, each machine runs its own agents.
"""

import sys

from lightning_sweeps.agents.machine import main, run

__all__ = ["main", "run"]

if __name__ == "__main__":
    sys.exit(main())

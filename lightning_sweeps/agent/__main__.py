"""`python -m lightning_sweeps.agent SWEEP_ID`: the agent of one slot."""

import sys

from lightning_sweeps.agent.start import main

if __name__ == "__main__":
    sys.exit(main())

"""`python -m lightning_sweeps.agents SWEEP_ID`: runs the agent of one slot."""

import sys

from lightning_sweeps.agents.start import main
from lightning_sweeps.errors import LightningSweepsError

if __name__ == "__main__":
    try:
        sys.exit(main())
    except LightningSweepsError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)

"""Runs the command line if its script is not on the PATH: `python -m lightning_sweeps.cli`."""

from lightning_sweeps.cli import main

if __name__ == "__main__":
    main()

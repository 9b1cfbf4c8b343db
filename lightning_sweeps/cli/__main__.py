"""Runs the command line, for machines where its script is not on the PATH: `python -m lightning_sweeps.cli`."""

from lightning_sweeps.cli import main

if __name__ == "__main__":
    main()

"""`python -m lightning_sweeps.cli`: the command line where the console script is not on the path."""

from lightning_sweeps.cli import main

if __name__ == "__main__":
    main()

"""Checks that need an NVIDIA GPU. `make gpu` runs them; without a GPU each one is skipped, with that reason."""

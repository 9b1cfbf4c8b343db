"""Runs, sweeps and series for coding agents, over the Model Context Protocol."""

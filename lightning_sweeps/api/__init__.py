"""Reads what was logged and creates sweeps from Python: queries, sweeps, notebook views, figures."""

"""Sweeps, trials and agents in the database: created, leased, judged, changed."""

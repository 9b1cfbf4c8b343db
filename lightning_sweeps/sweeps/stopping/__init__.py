"""Stopping rules: each judges one trial's report against the others."""

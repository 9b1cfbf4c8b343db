"""Runs trials as calls of a Python function, in scripts and notebooks."""

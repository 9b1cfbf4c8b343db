"""Launchers submit agents as jobs of a scheduler. Each launcher is one file; `registry.py` maps names to launchers."""

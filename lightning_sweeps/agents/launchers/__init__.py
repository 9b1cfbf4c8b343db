"""Launchers submit agents as jobs of a scheduler. One file a launcher; `registry.py` knows them by name."""

"""Launchers: agents as jobs of a cluster's scheduler. One file a scheduler."""

"""Turns a trial into processes: command line, environment and ranks, and the reason in their logs if they fail."""

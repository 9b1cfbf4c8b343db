"""Turns a trial into processes: command line, environment and ranks. Reads the reason of a failure from the logs."""

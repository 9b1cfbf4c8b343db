"""Agents lease the trials of a sweep and run them on this machine."""

"""Sweeps without I/O: the file format, the space, trials, methods and stopping rules."""

"""Sweeps without I/O: the file format, the space, trial states, search methods and stopping rules."""

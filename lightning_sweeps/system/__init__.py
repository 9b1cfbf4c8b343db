"""This machine: its identity, GPUs and processes, the service's lock, and background processes."""

"""Everything about this machine: its identity, GPUs and processes, the lock of the service, and daemons."""

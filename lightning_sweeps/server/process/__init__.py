"""The server as a process: startup, address, logs, model fitting, and the wake-up of waiting requests."""

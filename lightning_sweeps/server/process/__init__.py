"""The server as a process: startup, logs, the worker that fits models, waking of waiting requests."""

"""Logs from a training process: `init`, `Run`, `setup`, `finish`."""

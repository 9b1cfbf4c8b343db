"""Defines what a training process calls to log: `init`, `Run`, `setup`, `finish`."""

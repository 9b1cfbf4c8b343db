"""The calls of other loggers that `Run` understands, one file per logger, so that a program needs few changes."""

"""Binds `SweepLogger` to the package `lightning`. `logger_core.py` defines what it does."""

from __future__ import annotations

from lightning.pytorch.loggers.logger import Logger

from lightning_sweeps.trainer.logger_core import SweepLoggerCore


class SweepLogger(SweepLoggerCore, Logger):
    __doc__ = SweepLoggerCore.__doc__

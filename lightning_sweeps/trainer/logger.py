"""Binds `SweepLogger` to the package `lightning`. `logger_core.py` defines what it does."""

from __future__ import annotations

from lightning.fabric.loggers.logger import _DummyExperiment
from lightning.pytorch.loggers.logger import Logger

from lightning_sweeps.trainer.logger_core import SweepLoggerCore
from lightning_sweeps.trainer.no_op_experiment import NoOpExperiment


class LightningNoOpExperiment(NoOpExperiment, _DummyExperiment):
    """Derives from the class by which Lightning recognizes a rank that does not log."""


class SweepLogger(SweepLoggerCore, Logger):
    __doc__ = SweepLoggerCore.__doc__
    _no_op_experiment = LightningNoOpExperiment

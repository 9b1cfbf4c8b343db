"""SweepLogger for `lightning`: the behaviour is in `logger_core.py`."""

from __future__ import annotations

from lightning.fabric.loggers.logger import _DummyExperiment
from lightning.pytorch.loggers.logger import Logger

from lightning_sweeps.trainer.logger_core import SweepLoggerCore
from lightning_sweeps.trainer.silent_experiment import SilentExperiment


class SilentLightningExperiment(SilentExperiment, _DummyExperiment):
    """Lightning knows a rank that does not log by this class."""


class SweepLogger(SweepLoggerCore, Logger):
    __doc__ = SweepLoggerCore.__doc__
    _silent_experiment = SilentLightningExperiment

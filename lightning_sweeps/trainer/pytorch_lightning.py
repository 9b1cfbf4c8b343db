"""SweepLogger and SweepCallback for programs that import the package by its older name, `pytorch_lightning`."""

from __future__ import annotations

from lightning_fabric.loggers.logger import _DummyExperiment
from pytorch_lightning.callbacks.callback import Callback
from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_sweeps.trainer.callback_core import SweepCallbackCore
from lightning_sweeps.trainer.logger_core import SweepLoggerCore
from lightning_sweeps.trainer.silent_experiment import SilentExperiment


class SilentLightningExperiment(SilentExperiment, _DummyExperiment):
    """Lightning knows a rank that does not log by this class."""


class SweepLogger(SweepLoggerCore, Logger):
    __doc__ = SweepLoggerCore.__doc__
    _silent_experiment = SilentLightningExperiment


class SweepCallback(SweepCallbackCore, Callback):
    __doc__ = SweepCallbackCore.__doc__
    _sigterm_exception = SIGTERMException

"""Binds `SweepLogger` and `SweepCallback` to `pytorch_lightning`, the older name of the package `lightning`."""

from __future__ import annotations

from lightning_fabric.loggers.logger import _DummyExperiment
from pytorch_lightning.callbacks.callback import Callback
from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_sweeps.trainer.callback_core import SweepCallbackCore
from lightning_sweeps.trainer.logger_core import SweepLoggerCore
from lightning_sweeps.trainer.no_op_experiment import NoOpExperiment


class PytorchLightningNoOpExperiment(NoOpExperiment, _DummyExperiment):
    """Derives from the class by which Lightning recognizes a rank that does not log."""


class SweepLogger(SweepLoggerCore, Logger):
    __doc__ = SweepLoggerCore.__doc__
    _no_op_experiment = PytorchLightningNoOpExperiment


class SweepCallback(SweepCallbackCore, Callback):
    __doc__ = SweepCallbackCore.__doc__
    _sigterm_exception = SIGTERMException

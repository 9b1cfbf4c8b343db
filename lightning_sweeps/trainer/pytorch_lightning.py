"""Binds `SweepLogger` and `SweepCallback` to `pytorch_lightning`, the older name of the package `lightning`."""

from __future__ import annotations

from pytorch_lightning.callbacks.callback import Callback
from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_sweeps.trainer.callback_core import SweepCallbackCore
from lightning_sweeps.trainer.logger_core import SweepLoggerCore


class SweepLogger(SweepLoggerCore, Logger):
    __doc__ = SweepLoggerCore.__doc__


class SweepCallback(SweepCallbackCore, Callback):
    __doc__ = SweepCallbackCore.__doc__
    _sigterm_exception = SIGTERMException

"""Binds `SweepCallback` to the package `lightning`. `callback_core.py` defines what it does."""

from __future__ import annotations

from lightning.pytorch.callbacks.callback import Callback
from lightning.pytorch.utilities.exceptions import SIGTERMException

from lightning_sweeps.trainer.callback_core import SweepCallbackCore


class SweepCallback(SweepCallbackCore, Callback):
    __doc__ = SweepCallbackCore.__doc__
    _sigterm_exception = SIGTERMException

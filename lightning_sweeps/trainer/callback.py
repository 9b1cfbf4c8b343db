"""SweepCallback for `lightning`: the behaviour is in `callback_core.py`."""

from __future__ import annotations

from lightning.pytorch.callbacks.callback import Callback
from lightning.pytorch.utilities.exceptions import SIGTERMException

from lightning_sweeps.trainer.callback_core import SweepCallbackCore


class SweepCallback(SweepCallbackCore, Callback):
    __doc__ = SweepCallbackCore.__doc__
    _sigterm_exception = SIGTERMException

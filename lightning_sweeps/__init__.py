"""Experiment logging and hyperparameter sweeps for PyTorch Lightning and DDP.

Importing this package loads neither torch nor lightning nor requests: public names are resolved on first use (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from lightning_sweeps.agents.function.agent import agent
    from lightning_sweeps.api import figures
    from lightning_sweeps.api.notebook import View, view
    from lightning_sweeps.api.query import Api
    from lightning_sweeps.api.sweep_control import SweepControl
    from lightning_sweeps.api.sweeps import best, sweep
    from lightning_sweeps.api.wait import wait
    from lightning_sweeps.ask_tell.study import Study, study
    from lightning_sweeps.ask_tell.study_trial import StudyTrial
    from lightning_sweeps.sdk.media.values import Audio, Histogram, Html, Image, Plotly, Table, Video
    from lightning_sweeps.sdk.run import Run
    from lightning_sweeps.sdk.session import finish, init, log, require, setup
    from lightning_sweeps.sdk.trial import Trial, current_trial
    from lightning_sweeps.trainer.callback import SweepCallback
    from lightning_sweeps.trainer.logger import SweepLogger

_MODULE_OF = {
    **dict.fromkeys(
        ("Audio", "Histogram", "Html", "Image", "Plotly", "Table", "Video"), "lightning_sweeps.sdk.media.values"
    ),
    "Api": "lightning_sweeps.api.query",
    "agent": "lightning_sweeps.agents.function.agent",
    "best": "lightning_sweeps.api.sweeps",
    "sweep": "lightning_sweeps.api.sweeps",
    "SweepControl": "lightning_sweeps.api.sweep_control",
    "View": "lightning_sweeps.api.notebook",
    "view": "lightning_sweeps.api.notebook",
    "wait": "lightning_sweeps.api.wait",
    "Study": "lightning_sweeps.ask_tell.study",
    "study": "lightning_sweeps.ask_tell.study",
    "StudyTrial": "lightning_sweeps.ask_tell.study_trial",
    "Run": "lightning_sweeps.sdk.run",
    "SweepCallback": "lightning_sweeps.trainer.callback",
    "SweepLogger": "lightning_sweeps.trainer.logger",
    "Trial": "lightning_sweeps.sdk.trial",
    "current_trial": "lightning_sweeps.sdk.trial",
    "finish": "lightning_sweeps.sdk.session",
    "init": "lightning_sweeps.sdk.session",
    "log": "lightning_sweeps.sdk.session",
    "require": "lightning_sweeps.sdk.session",
    "setup": "lightning_sweeps.sdk.session",
}

__all__ = [
    "Api",
    "Audio",
    "Histogram",
    "Html",
    "Image",
    "Plotly",
    "Run",
    "Study",
    "StudyTrial",
    "SweepCallback",
    "SweepControl",
    "SweepLogger",
    "Table",
    "Trial",
    "Video",
    "View",
    "__version__",
    "agent",
    "best",
    "current_trial",
    "figures",
    "finish",
    "init",
    "log",
    "require",
    "setup",
    "study",
    "sweep",
    "view",
    "wait",
]


def __getattr__(name: str) -> Any:
    if name == "figures":  # a package, which loads plotly only when it draws
        return importlib.import_module("lightning_sweeps.api.figures")
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

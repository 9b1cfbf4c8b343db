"""torch and lightning are loaded once, and kept out of the collections that the leak check makes after each test."""

from __future__ import annotations

import gc

import lightning.pytorch  # noqa: F401

gc.collect()
gc.freeze()

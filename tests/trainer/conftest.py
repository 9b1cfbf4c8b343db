"""Imports torch and lightning once and excludes them from the garbage collections of the leak check."""

from __future__ import annotations

import gc

import lightning.pytorch  # noqa: F401

gc.collect()
gc.freeze()

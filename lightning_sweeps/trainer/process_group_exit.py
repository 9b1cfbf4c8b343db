"""Destroys a gloo process group at exit. Lightning does so for NCCL only."""

from __future__ import annotations

import atexit
import functools

import torch.distributed


class ProcessGroupAtExit:
    """Destroys a gloo process group when the interpreter exits.

    Otherwise gloo's threads sometimes abort the exit of a successful training ("terminate called without an active
    exception", https://github.com/pytorch/pytorch/issues/190489). After an exception the group is not destroyed,
    because that could wait for a rank that no longer exists.
    """

    is_safe = True

    @classmethod
    @functools.cache
    def register(cls) -> None:
        """Install the exit hook, once per process."""
        atexit.register(cls.destroy)

    @classmethod
    def destroy(cls) -> None:
        """Destroy the default process group if it uses gloo."""
        distributed = torch.distributed
        has_group = distributed.is_available() and distributed.is_initialized()
        if cls.is_safe and has_group and "gloo" in distributed.get_backend():
            distributed.destroy_process_group()

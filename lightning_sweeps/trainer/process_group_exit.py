"""The end of a gloo process group, which Lightning leaves to chance."""

from __future__ import annotations

import atexit
import functools

import torch.distributed


class ProcessGroupAtExit:
    """Destroys a gloo process group when the interpreter ends: Lightning does it for NCCL only.

    Left alone, gloo's threads now and then abort the exit of a training that went well ("terminate called without an
    active exception", https://github.com/pytorch/pytorch/issues/190489). After an exception the group may still wait
    for a rank that is gone, and destroying it would wait too: then it is left alone.
    """

    is_safe = True

    @classmethod
    @functools.cache
    def register(cls) -> None:
        atexit.register(cls.destroy)

    @classmethod
    def destroy(cls) -> None:
        distributed = torch.distributed
        has_group = distributed.is_available() and distributed.is_initialized()
        if cls.is_safe and has_group and "gloo" in distributed.get_backend():
            distributed.destroy_process_group()

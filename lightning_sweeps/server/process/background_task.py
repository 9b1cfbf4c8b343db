"""Runs work beside the requests while the server runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

_log = logging.getLogger(__name__)


@asynccontextmanager
async def repeated_task(
    work: Callable[[], Awaitable[object]],
    *,
    every_s: float,
    aim: str,
    waits_first: bool = False,
    on_failure: Callable[[], None] = lambda: None,
) -> AsyncIterator[None]:
    """Repeat work while the context is open, then cancel it and wait for its end.

    Args:
        work: what to do. If it fails, the error is logged and the next repetition tries again.
        every_s: seconds between two repetitions.
        aim: what the work does, for the log: `cannot <aim>, trying again`.
        waits_first: whether the first repetition comes only after `every_s`.
        on_failure: is called after a failure.
    """

    async def repeat() -> None:
        if waits_first:
            await asyncio.sleep(every_s)
        while True:
            await try_once(work, aim=aim, on_failure=on_failure)
            await asyncio.sleep(every_s)

    task = asyncio.get_running_loop().create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def try_once(
    work: Callable[[], Awaitable[object]], *, aim: str, on_failure: Callable[[], None] = lambda: None
) -> None:
    """Do work, and log its error instead of raising it. The arguments are those of `repeated_task`."""
    try:
        await work()
    except Exception:
        _log.exception("cannot %s, trying again", aim)
        on_failure()

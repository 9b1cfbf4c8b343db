"""Watches the database, and raises the alerts of the rules.

Every change is visible in the database, whichever request, agent or server process made it. Several servers may watch
one database: the alerts stand there too, and each event raises one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.outbox import Outbox
from lightning_sweeps.alerts.registry import open_channels
from lightning_sweeps.alerts.rules import Event, events_of
from lightning_sweeps.core.durations import DAY_S
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import AlertKind, AlertRule
from lightning_sweeps.server.process.alert_facts import FactReader, last_line
from lightning_sweeps.server.process.alert_queue import StoredQueue
from lightning_sweeps.server.process.background_task import repeated_task, try_once
from lightning_sweeps.server.process.pause_detector import PauseDetector
from lightning_sweeps.store import alerts
from lightning_sweeps.store.changes import OVERLAP_S
from lightning_sweeps.store.database import Store

INTERVAL_S = 1.0
"""How often the database is read."""
MACHINES_S = 10.0
"""How often machines are read."""
POSITION_S = 30.0
"""How often the position is stored while nothing happens."""
LONGEST_S = DAY_S
"""Events that happened longer ago, while no server watched, raise no alert."""
KEPT_S = 30 * DAY_S
"""How long alerts are kept: an event of that time raises no second one."""
MAX_HANDLED = 10_000
"""How many events a server remembers, so that it does not look them up in the database."""
CLOSE_S = 1.0
"""How long a shutdown waits for alerts that are being sent."""
AIM = "look for alerts"

_log = logging.getLogger(__name__)


class AlertWatch:
    """Raises alerts for the rules of a store, and sends them.

    Args:
        store: The database.
        options: Channels as `name=destination`. Without any, nothing is watched.
        url: The server's own address, for links.

    Raises:
        UsageError: an option is not valid.
    """

    def __init__(self, store: Store, options: Sequence[str], *, url: str) -> None:
        self._store = store
        self._url = url
        self._since: float | None = None
        self._lines: list[tuple[float, int]] = []
        self._machines_read = 0.0
        self._stored = 0.0
        self._handled: dict[tuple[str, str], float] = {}
        self._reader = FactReader()
        self._pauses = PauseDetector(INTERVAL_S, MACHINES_S)
        self._one_at_a_time = threading.Lock()
        self._channels = open_channels(options)
        self._outboxes: dict[str, Outbox] = {}

    @property
    def channels(self) -> list[str]:
        """The names of the channels."""
        return list(self._channels)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch while the context is open."""
        if not self._channels:
            yield
            return
        for name, channel in self._channels.items():
            self._outboxes[name] = Outbox(name, channel, StoredQueue(self._store, name))
        look = partial(run_in_threadpool, self.look)
        await try_once(look, aim=AIM)
        try:
            async with repeated_task(
                look, every_s=INTERVAL_S, aim=AIM, waits_first=True, on_failure=self._pauses.note_failure
            ):
                yield
        finally:
            await try_once(look, aim=AIM)
            closing = (partial(one.close, timeout_s=CLOSE_S) for one in self._outboxes.values())
            await asyncio.gather(*(run_in_threadpool(close) for close in closing))

    def test(self, channel: str | None) -> list[int]:
        """Queue a test alert for a channel, or for all; return the ids of the alerts.

        Raises:
            UsageError: there were too many within an hour.
        """
        with self._store.write() as connection:
            now = self._store.now()
            text = "If you can read this, alerts arrive."
            event = Event(f"test {now}", "Test alert of lightning-sweeps", text, "")
            alerts.lock(connection)
            if alerts.room_of(connection, None, now=now) < len(self._channels):
                raise UsageError("there were too many test alerts within an hour", hint="wait a while")
            for name in self.channels if channel is None else [channel]:
                self._queue(connection, None, "test", event, name, now)
            found = alerts.recent(connection, limit=len(self._channels))
        self._wake([one.channel for one in found])
        return [one.id for one in found if one.created == now]

    def look(self) -> None:
        """Raise the alerts of everything that changed since the last call."""
        with self._one_at_a_time:  # a cancelled task leaves its call running in a thread
            self._look(self._store.now())

    def _look(self, now: float) -> None:
        self._pauses.is_after_pause(monotonic_s=time.monotonic(), wall_s=now)
        with self._store.read() as connection:
            since, line = self._position(connection, now)
            rules = alerts.list_rules(connection)
            due = alerts.due_channels(connection, now=now)
            with_machines = now - self._machines_read >= MACHINES_S
            reading = self._reader.read(
                connection,
                (rule.wanted.condition for rule in rules),
                since=since - OVERLAP_S,
                line=line,
                now=now,
                with_machines=with_machines,
                answering_since=self._pauses.answering_since,
            )
        events = [
            (rule, event)
            for rule in rules
            for event in events_of(rule, reading.facts)
            if self._is_new(rule, event, now)
        ]
        self._machines_read = now if with_machines else self._machines_read
        read_until = now if reading.last is None else reading.last + OVERLAP_S
        if events or now - self._stored >= POSITION_S:
            due += self._raise(events, (read_until, line), now)
            self._stored = now
        self._since = read_until  # only now: what could not be stored is read again
        self._wake(due)

    def _is_new(self, rule: AlertRule, event: Event, now: float) -> bool:
        """Return whether this server has not handled an event yet: what holds for long needs no writing each second."""
        handled = self._handled.get((rule.id, event.key))
        return handled is None or (event.repeats_s is not None and now - handled >= event.repeats_s)

    def _position(self, connection: Connection, now: float) -> tuple[float, int]:
        """Return since when changes are looked at, and after which console line.

        A line with a lower id may become visible after one with a higher id, so the lines of the last seconds are read
        again.
        """
        if self._since is None:
            since, line = alerts.read_position(connection) or (now, last_line(connection))
            self._since = max(since, now - LONGEST_S)
            self._lines = [(now - OVERLAP_S, line)]
        self._lines.append((now, last_line(connection)))
        while len(self._lines) > 1 and self._lines[1][0] <= now - OVERLAP_S:
            self._lines.pop(0)
        return self._since, self._lines[0][1]

    def _raise(self, events: Sequence[tuple[AlertRule, Event]], position: tuple[float, int], now: float) -> list[str]:
        """Queue the alerts of events that are new, and return their channels."""
        channels = []
        with self._store.write() as connection:
            alerts.lock(connection)
            for rule, event in events:
                names = [name for name in self.channels if not rule.wanted.channels or name in rule.wanted.channels]
                if alerts.room_of(connection, rule.id, now=now) < len(names):
                    _log.warning("the alert rule `%s` has raised too many alerts within an hour", rule.id)
                    continue
                kind = rule.wanted.condition
                channels += [name for name in names if self._queue(connection, rule.id, kind, event, name, now)]
            alerts.write_position(connection, *position)
            alerts.delete_old(connection, before=now - KEPT_S)
        if len(self._handled) > MAX_HANDLED:
            self._handled.clear()  # the database knows them too
        self._handled |= {(rule.id, event.key): now for rule, event in events}
        return channels

    def _queue(
        self, connection: Connection, rule: str | None, kind: AlertKind, event: Event, channel: str, now: float
    ) -> bool:
        url = f"{self._url}{event.page}"
        alert = Alert(kind, event.title, event.text, event.project, event.sweep, event.run, url, now)
        content = alert.to_json()
        return alerts.queue_alert(connection, rule, event.key, channel, content, now=now, repeats_s=event.repeats_s)

    def _wake(self, channels: Sequence[str]) -> None:
        for name in channels:
            if name in self._outboxes:
                self._outboxes[name].wake()

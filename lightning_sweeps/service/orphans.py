"""Finds journals that other machines or containers left in a shared home folder, where no service uploads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lightning_sweeps.core.paths import Home
from lightning_sweeps.service.journal_index import IndexedJournal
from lightning_sweeps.system.service_lock import is_held


@dataclass(frozen=True, slots=True)
class _Sight:
    """Size of a journal, and since when it has had it (monotonic time)."""

    size: int
    since: float


@dataclass(slots=True)
class OrphanWatch:
    """Watches journals of other nodes.

    One that has not grown for `orphan_s`, and whose node has no service, is an orphan. A node that logs has a
    service, because every process that logs starts it again.
    """

    home: Home
    orphan_s: float
    is_waiting: bool = False
    """Whether there is a journal that may become an orphan."""
    _seen: dict[str, _Sight] = field(default_factory=dict)

    def look(self, journals: Iterable[IndexedJournal], *, now: float) -> list[IndexedJournal]:
        """Return the orphans among journals of other nodes.

        Args:
            journals: the journals.
            now: monotonic time.
        """
        listed = list(journals)
        gone = {node for node in {one.header.process.node for one in listed} if not is_held(self.home, node)}
        left = [journal for journal in listed if journal.header.process.node in gone]
        self._seen = {journal.id: self._sight(journal, now) for journal in left}
        orphans = [journal for journal in left if now - self._seen[journal.id].since >= self.orphan_s]
        self.is_waiting = len(orphans) < len(left)
        return orphans

    def _sight(self, journal: IndexedJournal, now: float) -> _Sight:
        try:
            size = journal.path.stat().st_size
        except FileNotFoundError:
            size = -1
        known = self._seen.get(journal.id)
        return known if known is not None and known.size == size else _Sight(size, now)

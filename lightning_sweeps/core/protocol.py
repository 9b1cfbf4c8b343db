"""The protocol between a server and its clients: services, agents, programs and commands.

Each side names the protocols that it speaks and its version in the header of every request and response. The other side
compares them with its own, here.

A change that the other side can ignore, such as a new route or a new field with a default, keeps the number. A change
that older versions would misunderstand raises the last number of `PROTOCOLS`. The first number rises when this version
no longer understands the oldest protocol.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

from lightning_sweeps import __version__
from lightning_sweeps.core.installation import THIN, WHOLE
from lightning_sweeps.errors import Incompatible

PROTOCOLS = (1, 1)
"""The oldest and the newest protocol that this version speaks."""
HEADER = "Lightning-Sweeps-Protocol"
START_HEADER = "Lightning-Sweeps-Start"
"""Header of every answer: names one start of a server. After another one, the database may be another one too."""
STATUS = 426

_FORM = re.compile(r"(\d{1,6})-(\d{1,6}) ([\w.+!-]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A server or a client.

    Attributes:
        oldest: the oldest protocol that it speaks.
        newest: the newest one.
        version: its version of lightning-sweeps; empty if it is from before the header.
    """

    oldest: int
    newest: int
    version: str

    @property
    def header(self) -> str:
        """The value of the header."""
        return f"{self.oldest}-{self.newest} {self.version}"

    def __str__(self) -> str:
        only = self.oldest == self.newest
        spoken = f"protocol {self.newest}" if only else f"protocols {self.oldest} to {self.newest}"
        return f"lightning-sweeps {self.version or 'of an earlier version'} ({spoken})"


THIS = Speaker(*PROTOCOLS, __version__)


def read_header(value: str | None) -> Speaker:
    """Return the sender of a header. Without the header, it is from before the first release and speaks protocol 1."""
    found = None if value is None else _FORM.fullmatch(value)
    return Speaker(1, 1, "") if found is None else Speaker(int(found[1]), int(found[2]), found[3])


def check(*, client: Speaker, server: Speaker) -> None:
    """Check that a client and a server speak a common protocol.

    Raises:
        Incompatible: they do not. The message names both versions, and the hint says what to upgrade.
    """
    if max(client.oldest, server.oldest) <= min(client.newest, server.newest):
        return
    here = f"run `pip install lightning-sweeps=={server.version}` on this machine" if server.version else ""
    if client.newest < server.newest:
        hint = f"{here}, and start its agents again"
    else:
        restart = "`pip install --upgrade lightning-sweeps` on its machine, and start it again"
        hint = f"upgrade the server: {restart} (`lightning-sweeps server --stop` ends a local one)"
        hint += f"; or {here}" if here else ""
    raise Incompatible(f"the server is {server}, and this client is {client}", status=STATUS, hint=hint)


def is_replaced() -> bool:
    """Return whether another version was installed in the place of the one that this process runs."""
    for name in (WHOLE, THIN):
        try:
            return metadata.version(name).partition("+")[0] != __version__
        except metadata.PackageNotFoundError:
            continue
    return False

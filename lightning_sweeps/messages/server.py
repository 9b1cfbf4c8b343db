"""What a server says of itself and of its keys, and the body of every error answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DatabaseKind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True)
class Health:
    """The server's answer to "are you there"."""

    status: Literal["ok", "ready"]
    version: str
    database: DatabaseKind


@dataclass(frozen=True, slots=True)
class LoginLink:
    """`path` logs a browser in, once, until `expires`; it stands behind the server's address."""

    path: str
    expires: float
    is_built: bool
    """Whether this server has the dashboard's page."""


@dataclass(frozen=True, slots=True)
class ViewTicket:
    """`<server><path><place in the dashboard>#<ticket>` is what another page frames, once, until `expires`."""

    path: str
    ticket: str
    expires: float


@dataclass(frozen=True, slots=True)
class ViewToken:
    """What a framed view asks with until `expires`, as bearer token; it only reads."""

    token: str
    expires: float


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks: the name of the API key behind the request, and what it may do."""

    name: str
    version: str
    role: Role = "read"


Role = Literal["read", "write", "admin"]
"""read: look at all but keys; write: also log, run agents, change sweeps; admin: also keys and the audit log."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key by its name; `expires` is None for one that does not."""

    name: str
    role: Role
    created: float
    expires: float | None


@dataclass(frozen=True, slots=True)
class KeyCreate:
    name: str
    role: Role = "write"
    lasts_s: float | None = None


@dataclass(frozen=True, slots=True)
class KeyCreated:
    """`key` is shown here and never again."""

    key: str
    made: ApiKey


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A request that changed something: with which key, and how it was answered."""

    time: float
    key: str
    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class ProblemFault:
    """One fault of a sweep file.

    Attributes:
        line: Line in the file, counted from 1; 0 if the sweep did not come from a file.
        key: Dotted key, for example `parameters.lr.min`; empty for a fault of the whole file.
        message: What was given and what is allowed.
    """

    line: int
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """The body of every error response.

    Attributes:
        message: What went wrong, for a person to read.
        hint: What to do next; may be empty.
        faults: Faults of the sweep file that the request carried; otherwise empty.
    """

    message: str
    hint: str = ""
    faults: list[ProblemFault] = field(default_factory=list)

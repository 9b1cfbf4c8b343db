"""Health, logins, API keys, the audit log, and the body of every error response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DatabaseKind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True)
class Health:
    """State of the server.

    Attributes:
        status: `ok` if the server and its database respond, `ready` if the server accepts requests.
        version: Version of the server, or of the database's schema if `status` is `ready`.
        database: Kind of the database.
    """

    status: Literal["ok", "ready"]
    version: str
    database: DatabaseKind


@dataclass(frozen=True, slots=True)
class UnansweredOperation:
    """An operation of another tool's clients that the server had no answer for, since it started.

    Attributes:
        operation: What the client calls it.
        reason: Why there was no answer.
        count: How often it was asked for.
    """

    operation: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class LoginLink:
    """A link that logs a browser in once.

    Attributes:
        path: Path and query of the link, to append to the server's URL.
        expires: When the link expires.
        is_built: Whether the server has the dashboard.
        url: The server's address for others; empty: the one of this request.
    """

    path: str
    expires: float
    is_built: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class ViewTicket:
    """A ticket for a view in another page, which frames `<server><path><page of the dashboard>#<ticket>`.

    Attributes:
        path: Start of the path of framed views.
        ticket: Opens one view, once.
        expires: When the ticket expires.
        url: The address at which browsers reach the server; empty: the one that the client uses.
    """

    path: str
    ticket: str
    expires: float
    url: str = ""


@dataclass(frozen=True, slots=True)
class ViewToken:
    """The bearer token of a framed view, which can only read.

    Attributes:
        token: The token.
        expires: When the token expires.
    """

    token: str
    expires: float


@dataclass(frozen=True, slots=True)
class Session:
    """The API key of a request.

    Attributes:
        name: Name of the key.
        version: Version of the server.
        role: Role of the key; always `read` for a framed view.
    """

    name: str
    version: str
    role: Role = "read"


Role = Literal["read", "write", "admin"]
"""read: read everything but keys; write: also log, run agents and change sweeps, which lets its holder run programs on
the machines of agents; admin: also keys and the audit log."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, without the key itself.

    Attributes:
        name: Unique name of the key.
        role: What the key may do.
        created: When it was created.
        expires: When it expires; None means never.
        projects: Names of the projects that it is limited to; None means all.
    """

    name: str
    role: Role
    created: float
    expires: float | None
    projects: list[str] | None = None


@dataclass(frozen=True, slots=True)
class KeyCreate:
    """A request for a new API key.

    Attributes:
        name: Unique name of the key.
        role: What the key may do.
        lasts_s: Seconds until the key expires; None means never.
        projects: Names of the projects that the key is limited to; None means all. A key with the role `admin` has all.
    """

    name: str
    role: Role = "write"
    lasts_s: float | None = None
    projects: list[str] | None = None


@dataclass(frozen=True, slots=True)
class KeyCreated:
    """A new API key.

    Attributes:
        key: The key itself, which only this response contains.
        made: The key's name, role and expiry.
        url: The server's address for others; empty: the one of this request.
    """

    key: str
    made: ApiKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A request that changed something.

    Attributes:
        time: When the server answered it.
        key: Name of the API key.
        method: HTTP method.
        path: Path of the request.
        status: HTTP status of the response.
    """

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

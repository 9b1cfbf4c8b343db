"""The exceptions of the package. The first line of a class's docstring is its default message.

LightningSweepsError
├── UsageError                invalid input: exit status 2
│   ├── SettingError          an environment variable with an invalid value
│   └── SweepFileError        a sweep file with faults; the message lists all of them
├── ServerError               the server could not complete the request
│   ├── ServerUnreachable     no answer
│   ├── ServerRefused         the server rejected the request
│   │   ├── Unauthorized      wrong or missing API key
│   │   ├── Forbidden         the API key does not allow this
│   │   ├── Incompatible      the server and this client speak no common protocol
│   │   ├── NotFound          no such project, run, sweep, trial or agent
│   │   └── OffsetConflict    a part of a journal that starts after the committed offset
│   └── ServerStartFailed     the local server did not start
├── DatabaseLost              the file of the server's database was deleted, replaced or damaged
├── WaitFailed                what was waited for did not come in time
├── NoTrial                   a sweep has no trial to give: it is over, or a trial must be told first
├── TrialLost                 a trial no longer belongs to the process that asked for it
├── JournalError              a file that is not a journal, or a damaged journal
├── LaunchError               a trial's program cannot be started
├── SuggestionFailed          a search method raised, or suggested something that is not in the space
├── RuleFailed                a stopping rule raised
├── DatabaseBusy              another write held the database for too long
├── FormatFailed              an importer or exporter raised
└── AlertNotSent              an alert channel could not deliver an alert
"""

from __future__ import annotations

from dataclasses import dataclass

EXIT_FAILURE = 1
EXIT_USAGE = 2


class LightningSweepsError(Exception):
    """An error occurred in lightning-sweeps.

    Args:
        message: what happened (default: the first line of the class's docstring).
        hint: what to do next.
    """

    exit_status = EXIT_FAILURE

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.hint = hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class UsageError(LightningSweepsError):
    """The input is invalid."""

    exit_status = EXIT_USAGE


class SettingError(UsageError):
    """A setting has an invalid value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One error in a sweep file.

    Attributes:
        line: 1-based line in the file, 0 if the sweep did not come from a file.
        key: dotted key, for example `parameters.lr.min`.
        message: what was given and what is allowed.
    """

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}`{self.key}`: {self.message}" if self.key else f"{where}{self.message}"


class SweepFileError(UsageError):
    """The sweep file has errors."""

    def __init__(self, faults: list[Fault], *, source: str = "sweep") -> None:
        self.faults = faults
        count = f"{len(faults)} error" + ("" if len(faults) == 1 else "s")
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(
            f"`{source}` has {count}:\n{lines}",
            hint="nothing was created; `lightning-sweeps docs sweep-file` explains every key",
        )


class ServerError(LightningSweepsError):
    """The server could not complete the request."""


class ServerUnreachable(ServerError):
    """The server does not answer.

    Args:
        is_refused: whether its machine answers and says that no server runs there, so the network works.
    """

    def __init__(self, message: str | None = None, *, hint: str | None = None, is_refused: bool = False) -> None:
        self.is_refused = is_refused
        super().__init__(message, hint=hint)


class ServerRefused(ServerError):
    """The server rejected the request."""

    def __init__(self, message: str | None = None, *, status: int = 0, hint: str | None = None) -> None:
        self.status = status
        super().__init__(message, hint=hint)


class Unauthorized(ServerRefused):
    """The server does not accept this API key."""


class Forbidden(ServerRefused):
    """The API key does not allow this."""


class Incompatible(ServerRefused):
    """The server and this client speak no common protocol: one of them must be upgraded."""


class NotFound(ServerRefused):
    """The server has no such object."""


class OffsetConflict(ServerRefused):
    """The part of the journal starts after the committed offset."""

    def __init__(self, committed: int) -> None:
        self.committed = committed
        super().__init__(f"the server has {committed} bytes of this journal", status=409)


class QuotaExceeded(ServerRefused):
    """The project has more rows than it may have; the rest of the journal waits on its machine."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"{said}; new rows wait on the machine that logged them",
            status=507,
            hint="delete runs and empty the trash, thin or delete old rows, or raise `--quota-rows` of the server",
        )


class ServerStartFailed(ServerError):
    """The local server did not start."""


class DatabaseLost(LightningSweepsError):
    """The database is not the one that was opened."""


class WaitFailed(LightningSweepsError):
    """What was waited for did not come in time."""


class NoTrial(LightningSweepsError):
    """The sweep has no trial to give.

    Args:
        is_over: whether the sweep is over. If it is not, a trial may come later.
    """

    def __init__(self, message: str | None = None, *, hint: str | None = None, is_over: bool = False) -> None:
        self.is_over = is_over
        super().__init__(message, hint=hint)


class TrialLost(LightningSweepsError):
    """The trial no longer belongs to this process."""


class JournalError(LightningSweepsError):
    """The journal is not usable."""


class LaunchError(LightningSweepsError):
    """The trial's program cannot be started."""


class SuggestionFailed(LightningSweepsError):
    """The search method has no usable suggestion."""


class RuleFailed(LightningSweepsError):
    """The stopping rule raised an exception. Its `__cause__` is that exception."""


class DatabaseBusy(LightningSweepsError):
    """The database was busy with another write for too long."""


class FormatFailed(LightningSweepsError):
    """The importer or exporter raised an exception. Its `__cause__` is that exception."""


class AlertNotSent(LightningSweepsError):
    """The alert could not be delivered."""

"""Reads the URL of a database: from an option or a variable, with a password that need not be in it.

A password on a command line can be read by every user of the machine. PostgreSQL's own ways work too, for a URL without
a password: the variable `PGPASSWORD`, and the file `~/.pgpass` or `PGPASSFILE`.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import UsageError

ALLOWED = "allowed: `sqlite:///file` or `postgresql://user:password@host/name`; write `@`, `/`, `?`, `#` and `%` of a"
ALLOWED += " password as `%40`, `%2F`, `%3F`, `%23` and `%25`"
HIDDEN = "***"
_PORT = re.compile(r"[^:@]*:\d+(/|$)")
"""What looks like a user and a password, but is a host and its port."""

_HOST_AND_NAME = re.compile(r"[^/?#@]*/[^/?]*(\?.*)?")
"""What follows the password: the host, the name of the database, and options."""


def database_url(option: str | None, settings: Settings) -> str | None:
    """Return the URL of the database, with its password if a file has it; None for the default.

    Args:
        option: the command line option, which overrides the variable.
        settings: the variables.

    Raises:
        UsageError: the file with the password cannot be read, or there is no URL that the password belongs to.
    """
    given = option or settings.database or None
    path = settings.database_password_file
    if path is None:
        return given
    if given is None:
        raise UsageError(
            "`LIGHTNING_SWEEPS_DATABASE_PASSWORD_FILE` is set, but no database is named",
            hint="set LIGHTNING_SWEEPS_DATABASE, for example to `postgresql://user@host/name`",
        )
    return parse_url(given).set(password=_read(path)).render_as_string(hide_password=False)


def has_password(url: str) -> bool:
    """Return whether a URL contains a password."""
    return bool(parse_url(url).password)


def parse_url(text: str) -> URL:
    """Return a database's URL. A password may contain `@` and `/`: everything before the last `@` belongs to it.

    Raises:
        UsageError: it is not a URL of a database. The message does not contain it.
    """
    scheme, separator, rest = text.partition("://")
    if separator and not scheme.startswith("sqlite"):
        rest = _with_quoted_password(rest)
    try:
        return make_url(f"{scheme}{separator}{rest}")
    except (ArgumentError, ValueError):
        raise UsageError("the database URL cannot be read", hint=ALLOWED) from None


def without_password(text: str, url: URL) -> str:
    """Return a message of a driver without the password of a URL."""
    password = str(url.password or "")
    for secret in {password, quote(password, safe="")} - {""}:
        text = text.replace(secret, HIDDEN)
    return text


def _with_quoted_password(rest: str) -> str:
    if "@" not in rest.partition("?")[0] and _PORT.match(rest):
        return rest.replace("@", "%40")  # of the options; SQLAlchemy would take what is before it for a password
    places = [place for place, character in enumerate(rest) if character == "@"]
    likely = [place for place in places if _HOST_AND_NAME.fullmatch(rest, place + 1)]
    place = max(likely or places, default=0)
    user, colon, password = rest[:place].partition(":")
    if not colon:
        return rest
    return f"{user}:{quote(unquote(password), safe='')}{rest[place:]}"


def _read(path: Path) -> str:
    try:
        password = path.read_text().strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the file with the database's password, `{path}`, cannot be read ({error})",
            hint="LIGHTNING_SWEEPS_DATABASE_PASSWORD_FILE names it",
        ) from None
    if not password:
        raise UsageError(f"the file with the database's password, `{path}`, is empty")
    return password

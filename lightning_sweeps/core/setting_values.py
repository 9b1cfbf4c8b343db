"""Parses the texts of environment variables. Every parser raises ValueError for a text that is not allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from lightning_sweeps.core.durations import parse_duration, seconds
from lightning_sweeps.core.per_project import PerProject, per_project
from lightning_sweeps.core.temporary_home import temporary_home
from lightning_sweeps.errors import UsageError

LOCAL = "local"
"""The address that stands for the server of this machine."""


SWITCHES = {"1": "on", "true": "on", "yes": "on", "0": "off", "false": "off", "no": "off"}
"""Other words for `on` and `off`, which are allowed where these are."""


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser of one of these words, or of another word for `on` and `off`."""

    def parse(text: str) -> str:
        word = text if text in choices else SWITCHES.get(text.lower(), text)
        if word not in choices:
            raise ValueError(text)
        return word

    return parse


def seconds_or_never(text: str) -> float:
    """Return a number of seconds; 0 stands for never."""
    return 0.0 if float(text) == 0 else seconds(text)


COUNT_UNITS = {"k": 10**3, "M": 10**6, "G": 10**9}
AGES_ALLOWED = "a number with `d`, `h` or `m`, for example `90d`; `forever`"
COUNTS_ALLOWED = "a number > 0, also with `k`, `M` or `G`, for example `50M`; `unlimited`"


def days(text: str) -> float | None:
    """Return a number > 0; None for an empty text."""
    return seconds(text) if text else None


def positive_count(text: str) -> int | None:
    """Return a whole number > 0 such as `50M` (50 million) or `20k`; None for `unlimited`."""
    if text == "unlimited":
        return None
    factor = COUNT_UNITS.get(text[-1:], 1)
    value = float(text[:-1] if factor > 1 else text) * factor
    if not 1 <= value < 2**62:
        raise ValueError(text)
    return int(value)


def ages_by_project(text: str) -> PerProject[float]:
    """Return ages in seconds: `90d` for all projects, `90d,digits=7d` with another one for some."""
    return per_project(text, parse_duration)


def counts_by_project(text: str) -> PerProject[int]:
    """Return numbers: `50M` for all projects, `50M,digits=unlimited` with another one for some."""
    return per_project(text, positive_count)


def gib(text: str) -> float | None:
    """Return a number of GiB; None for `unlimited`."""
    return None if text == "unlimited" else seconds(text)


def names(text: str) -> tuple[str, ...]:
    """Return the names in a list separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def url(text: str) -> str:
    """Return the address of a server; `local` and an empty text are returned as they are."""
    return text if text in ("", LOCAL) else server_url(text)


def server_url(text: str) -> str:
    """Return the address of a server without a slash at its end.

    Raises:
        UsageError: the text is no such address. The hint says what was probably meant.
    """
    address = text.strip().rstrip("/")
    if not address.startswith(("http://", "https://")):
        hint = None if "://" in address else f"did you mean `http://{address}`?"
        raise UsageError(f"the server's address is `{text}`, allowed: `http://host:port` and `https://host`", hint=hint)
    parsed = urlsplit(address)
    if parsed.path or parsed.query or parsed.fragment:
        base = f"{parsed.scheme}://{parsed.netloc}"
        raise UsageError(f"the server's address is `{text}`, and it has no path", hint=f"use `{base}`")
    return address


def path(text: str) -> Path:
    """Return an absolute path."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:  # no HOME, and a user id without an entry, as in some containers
        return temporary_home()


def wandb_mode(text: str) -> str:
    """Return our mode for W&B's; empty for another text."""
    return {"dryrun": "offline", "online": "online", "run": "online", "offline": "offline", "disabled": "disabled"}.get(
        text, ""
    )


def wandb_switch(value: str) -> Callable[[str], str]:
    """Return a function that returns our value for a switch of W&B that is on, and an empty text for any other."""

    def translate(text: str) -> str:
        return value if text.lower() in ("1", "true", "yes", "on", "y", "t") else ""

    return translate


def wandb_folder(text: str) -> str:
    """Return our folder in W&B's."""
    return str(Path(text) / "lightning-sweeps")


def optional_path(text: str) -> Path | None:
    """Return an absolute path; None for an empty text."""
    return path(text) if text else None

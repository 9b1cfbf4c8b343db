"""Every environment variable that the package reads or writes: the only file that touches `os.environ`.

Each of our own variables is one row of `VARIABLES`; the table in docs/settings.md is made from it. Variables of
launchers (torchrun, Slurm, MPI) are read as a snapshot by `environment()` and interpreted in `sdk/identity.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from lightning_sweeps.errors import SettingError

Mode = Literal["online", "offline", "disabled"]
ServiceKind = Literal["process", "thread", "off"]

PREFIX = "LIGHTNING_SWEEPS_"


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: `LIGHTNING_SWEEPS_` + `name`."""

    name: str
    default: str
    allowed: str
    meaning: str
    parse: Callable[[str], Any]

    @property
    def full_name(self) -> str:
        return PREFIX + self.name


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return parse


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e7:
        raise ValueError(text)
    return value


def _seconds_or_never(text: str) -> float:
    return 0.0 if float(text) == 0 else _seconds(text)


def _days(text: str) -> float | None:
    return _seconds(text) if text else None


def _url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(text)
    return text.rstrip("/")


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _optional_path(text: str) -> Path | None:
    return _path(text) if text else None


VARIABLES = (
    Variable(
        "HOME",
        "~/.lightning-sweeps",
        "a folder",
        "where journals, logs and the local server's data lie",
        _path,
    ),
    Variable(
        "URL",
        "",
        "http://host:port or https://host",
        "the server to use; empty: this machine's own server, started when first needed",
        _url,
    ),
    Variable("API_KEY", "", "a token", "the key for the server named by `URL`", str),
    Variable(
        "CA_FILE",
        "",
        "a file",
        "certificates (PEM) that the server's certificate is checked with; empty: those of public authorities",
        _optional_path,
    ),
    Variable("PROJECT", "default", "a name", "the project of runs and sweeps that name none", str),
    Variable(
        "MODE",
        "online",
        "online, offline, disabled",
        "offline: rows stay in journals until `lightning-sweeps sync`; disabled: nothing is written at all",
        _one_of("online", "offline", "disabled"),
    ),
    Variable(
        "SERVICE",
        "process",
        "process, thread, off",
        "thread: the service runs in a thread of the training process, where no subprocess may be started; "
        "off: no service is started, journals wait for one or for `lightning-sweeps sync`",
        _one_of("process", "thread", "off"),
    ),
    Variable(
        "CONSOLE",
        "auto",
        "auto, on, off",
        "record what a rank prints, line by line, with its run; auto: in a sweep's trials",
        _one_of("auto", "on", "off"),
    ),
    Variable(
        "NODE",
        "",
        "a name",
        "a name for this machine, the same for all its processes, where others have its host name and machine id too",
        str,
    ),
    Variable("GROUP", "", "a name", "the group of this job's runs, the same on every rank", str),
    Variable("TRIAL", "", "a file", "set by the agent: the file with the trial's id and parameters", _optional_path),
    Variable(
        "STALL_S",
        "900",
        "seconds; 0 for never",
        "after so long without a row the service keeps the stacks of all ranks of the job with their runs",
        _seconds_or_never,
    ),
    Variable(
        "MEDIA_DAYS",
        "",
        "days > 0; empty for ever",
        "how long copies of logged files stay on this machine once the server has them",
        _days,
    ),
    Variable(
        "SAMPLE_INTERVAL_S",
        "5",
        "seconds > 0",
        "how often the service samples CPU, memory, disk, network and GPUs, and the processes of each run",
        _seconds,
    ),
    Variable(
        "SERIES_STORAGE",
        "chunks",
        "a name",
        "where the server stores the points of series: `chunks` (its database), or a storage that a package adds",
        str,
    ),
    Variable(
        "IDLE_EXIT_S",
        "15",
        "seconds > 0",
        "how long the service stays when it has nothing left to do",
        _seconds,
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `VARIABLES` say in one environment; field names are the variables' names in lower case."""

    home: Path
    url: str
    api_key: str
    ca_file: Path | None
    project: str
    mode: Mode
    service: ServiceKind
    console: Literal["auto", "on", "off"]
    node: str
    group: str
    trial: Path | None
    stall_s: float
    media_days: float | None
    sample_interval_s: float
    series_storage: str
    idle_exit_s: float


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of `environ` (default: this process's environment).

    Raises:
        SettingError: a variable has a value that is not allowed; the message names it and what is.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for variable in VARIABLES:
        text = source.get(variable.full_name) or variable.default
        try:
            values[variable.name.lower()] = variable.parse(text)
        except ValueError:
            raise SettingError(
                f"`{variable.full_name}` is `{text}`, allowed: {variable.allowed}",
                hint=f"unset it for the default, `{variable.default}`" if variable.default else "unset it",
            ) from None
    return Settings(**cast("Any", values))


def environment() -> dict[str, str]:
    """Return a snapshot of this process's environment."""
    return dict(os.environ)


def set_variable(name: str, value: str) -> None:
    """Set our variable `name` (without prefix) for this process and the children it will start."""
    os.environ[PREFIX + name] = value


def unset_variable(name: str) -> None:
    """Take our variable `name` (without prefix) out of this process's environment."""
    os.environ.pop(PREFIX + name, None)


def replace_environment(environ: Mapping[str, str]) -> None:
    """Make this process's environment what a forked trial is to have."""
    os.environ.clear()
    os.environ.update(environ)


def service_environment() -> dict[str, str]:
    """Return the environment for the service and the local server: ours, without what marks a trial's processes."""
    return {name: value for name, value in os.environ.items() if name != PREFIX + "TRIAL"}

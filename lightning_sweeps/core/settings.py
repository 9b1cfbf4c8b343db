"""Reads and writes environment variables. No other module uses `os.environ`.

Each variable of this package is one row of `VARIABLES`. The table in docs/settings.md is generated from it. Variables
of launchers (torchrun, Slurm, MPI) are read through `environment()` and interpreted in `sdk/identity.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from lightning_sweeps.core.durations import parse_duration, seconds
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.per_project import PerProject
from lightning_sweeps.core.setting_values import (
    AGES_ALLOWED,
    COUNTS_ALLOWED,
    LOCAL,
    ages_by_project,
    counts_by_project,
    days,
    gib,
    names,
    one_of,
    optional_path,
    path,
    seconds_or_never,
    url,
    wandb_folder,
    wandb_mode,
    wandb_switch,
)
from lightning_sweeps.errors import SettingError, UsageError

Mode = Literal["online", "offline", "disabled"]
ServiceKind = Literal["process", "thread", "off"]

PREFIX = "LIGHTNING_SWEEPS_"


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    Attributes:
        name: name without the prefix `LIGHTNING_SWEEPS_`.
        default: text that is used if the variable is not set.
        allowed: description of the allowed values.
        meaning: description for docs/settings.md.
        parse: converts the text; raises ValueError for a value that is not allowed.
        wandb: variables of W&B that mean the same, with what their text becomes. They are read if this one is not set.
    """

    name: str
    default: str
    allowed: str
    meaning: str
    parse: Callable[[str], Any]
    wandb: Mapping[str, Callable[[str], str]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """The name with its prefix."""
        return PREFIX + self.name


ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Limits linear algebra to one core. Trials need the other cores, and a fit of 200 points gains nothing from them. The
number of threads also changes the last digits of a fit."""

VARIABLES = (
    Variable(
        "HOME",
        "~/.lightning-sweeps",
        "a folder",
        "folder of journals, logs and the local server's data",
        path,
        {"WANDB_DIR": wandb_folder},
    ),
    Variable(
        "URL",
        "",
        "http://host:port, https://host or local",
        "address of the server; `local`: the server of this machine, which is started when it is first needed; empty: "
        "the server of `lightning-sweeps login`, otherwise the local one",
        url,
    ),
    Variable("API_KEY", "", "a key", "API key for the server at `LIGHTNING_SWEEPS_URL`", str),
    Variable(
        "CA_FILE",
        "",
        "a file",
        "certificates (PEM) to check the server's certificate with; empty: public certificate authorities",
        optional_path,
    ),
    Variable(
        "PROJECT",
        "default",
        "a name",
        "project of runs and sweeps that do not set one",
        str,
        {"WANDB_PROJECT": str},
    ),
    Variable("NAME", "", "a name", "name of runs that do not set one", str, {"WANDB_NAME": str}),
    Variable(
        "TAGS",
        "",
        "names with commas between",
        "tags of runs that do not set any",
        names,
        {"WANDB_TAGS": str},
    ),
    Variable("NOTES", "", "text", "notes of runs that do not set any", str, {"WANDB_NOTES": str}),
    Variable(
        "MODE",
        "online",
        "online, offline, disabled",
        "`offline`: rows stay in journals until `lightning-sweeps sync`; `disabled`: nothing is written",
        one_of("online", "offline", "disabled"),
        {"WANDB_DISABLED": wandb_switch("disabled"), "WANDB_MODE": wandb_mode},
    ),
    Variable(
        "SERVICE",
        "process",
        "process, thread, off",
        "`thread`: the service runs in a thread of the training process, for environments that allow no subprocess; "
        "`off`: no service is started; journals stay until a service or `lightning-sweeps sync` uploads them",
        one_of("process", "thread", "off"),
    ),
    Variable(
        "CONSOLE",
        "auto",
        "auto, on, off",
        "whether to record the printed lines of each rank with its run; `auto`: only in trials of a sweep",
        one_of("auto", "on", "off"),
    ),
    Variable(
        "QUIET",
        "off",
        "on, off",
        "`on`: a program does not print where its run is and which values it logged; warnings are printed",
        one_of("on", "off"),
        {"WANDB_SILENT": wandb_switch("on"), "WANDB_QUIET": wandb_switch("on")},
    ),
    Variable(
        "NODE",
        "",
        "a name",
        "name of this machine, the same for all its processes; needed if machines share a host name and machine id",
        str,
    ),
    Variable(
        "GPU_VALUES",
        "later",
        "later, wait",
        "`later`: a logged tensor on a GPU is copied when the GPU has computed it, and training goes on meanwhile; "
        "`wait`: each log call waits for the GPU",
        one_of("later", "wait"),
    ),
    Variable(
        "GROUP",
        "",
        "a name",
        "group of this job's runs, the same on every rank",
        str,
        {"WANDB_RUN_GROUP": str},
    ),
    Variable("TRIAL", "", "a file", "file with the trial's id and parameters; set by the agent", optional_path),
    Variable(
        "STALL_S",
        "900",
        "seconds; 0: never",
        "time without a row after which a rank is stalled; the service then records the stacks of all ranks of its job",
        seconds_or_never,
    ),
    Variable(
        "LOST_S",
        "900",
        "seconds; 0: never",
        "for the server: time without a word from a run's machine after which the run is `lost`; it is `running` again "
        "when its machine sends something",
        seconds_or_never,
    ),
    Variable(
        "TRASH_DAYS",
        "7",
        "days > 0; empty: forever",
        "for the server: how long it keeps what is in the trash",
        days,
    ),
    Variable(
        "THIN_ROWS",
        "",
        f"{AGES_ALLOWED}; also for single projects: `30d,digits=7d`",
        "for the server, as `--thin-rows`: how long after the end of a run its rows are thinned",
        ages_by_project,
    ),
    Variable(
        "KEEP_ROWS",
        "",
        f"{AGES_ALLOWED}; also for single projects: `90d,digits=forever`",
        "for the server, as `--keep-rows`: how long after the end of a run its rows are kept",
        ages_by_project,
    ),
    Variable(
        "QUOTA_ROWS",
        "",
        f"{COUNTS_ALLOWED}; also for single projects: `50M,digits=unlimited`",
        "for the server, as `--quota-rows`: how many rows a project may have; more wait on their machines",
        counts_by_project,
    ),
    Variable(
        "ALERTS_FILE",
        "",
        "a file",
        "for the server: file with more alert channels than those of `--alert`, one `NAME=DESTINATION` a line",
        optional_path,
    ),
    Variable(
        "ORPHAN_S",
        "60",
        "seconds > 0",
        "time after which the service takes over a journal that another machine or container left in the same home "
        "folder, if no service runs there",
        seconds,
    ),
    Variable(
        "KEEP_JOURNALS_S",
        "3600",
        "seconds; 0: not at all",
        "how long the service keeps the journals of finished runs after their delivery, in case that the server's "
        "database is restored from a backup",
        seconds_or_never,
    ),
    Variable(
        "MEDIA_DAYS",
        "",
        "days > 0; empty: forever",
        "how long this machine keeps copies of logged files that the server has",
        days,
    ),
    Variable(
        "KEEP",
        "14d",
        "a number with `d`, `h` or `m`, for example `14d`; `forever`",
        "how long this machine keeps the folders and logs of ended trials, and journals that the server rejected",
        parse_duration,
    ),
    Variable(
        "KEEP_GIB",
        "5",
        "GiB > 0; `unlimited`",
        "how much space they may take together; the oldest are deleted first",
        gib,
    ),
    Variable(
        "SAMPLE_INTERVAL_S",
        "5",
        "seconds > 0",
        "interval at which the service samples CPU, memory, disk, network, GPUs and the processes of each run",
        seconds,
    ),
    Variable(
        "DATABASE",
        "",
        "a URL",
        "database of the server, as `--database`: `postgresql://user:password@host/name` or `sqlite:///file`;"
        " empty: SQLite in the home folder",
        str,
    ),
    Variable(
        "DATABASE_PASSWORD_FILE",
        "",
        "a file",
        "file with the password of the database, for a URL without a password; empty: none",
        optional_path,
    ),
    Variable(
        "SERIES_STORAGE",
        "chunks",
        "a name",
        "where the server stores the points of series: `chunks` (its database), or a storage that a package adds",
        str,
    ),
    Variable(
        "WANDB_ENTITIES",
        "",
        "names with commas between; `*`: any name",
        "for the server: entities that wandb clients may name besides `lightning-sweeps`; all stand for this server",
        names,
    ),
    Variable(
        "IDLE_EXIT_S",
        "15",
        "seconds > 0",
        "how long the service waits for new work before it exits",
        seconds,
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of `VARIABLES`; field names are the variables' names in lower case.

    Attributes:
        from_wandb: the variables of W&B that were read, each as `WANDB_MODE as LIGHTNING_SWEEPS_MODE`.
    """

    home: Path
    url: str
    api_key: str
    ca_file: Path | None
    project: str
    name: str
    tags: tuple[str, ...]
    notes: str
    mode: Mode
    service: ServiceKind
    console: Literal["auto", "on", "off"]
    quiet: Literal["on", "off"]
    node: str
    gpu_values: Literal["later", "wait"]
    group: str
    trial: Path | None
    stall_s: float
    lost_s: float
    trash_days: float | None
    thin_rows: PerProject[float]
    keep_rows: PerProject[float]
    quota_rows: PerProject[int]
    alerts_file: Path | None
    orphan_s: float
    keep_journals_s: float
    media_days: float | None
    keep: float | None
    keep_gib: float | None
    sample_interval_s: float
    database: str
    database_password_file: Path | None
    series_storage: str
    wandb_entities: tuple[str, ...]
    idle_exit_s: float
    from_wandb: tuple[str, ...] = ()


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in `environ` (default: the environment of this process).

    Raises:
        SettingError: a variable has a value that is not allowed.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    from_wandb: list[str] = []
    for variable in VARIABLES:
        text = source.get(variable.full_name) or ""
        for name, translate in variable.wandb.items():
            given = source.get(name)
            if not text and given and (text := translate(given)):
                from_wandb.append(f"{name} as {variable.full_name}")
        text = text or variable.default
        try:
            values[variable.name.lower()] = variable.parse(text)
        except UsageError as error:
            message = f"`{variable.full_name}` is `{text}`, allowed: {variable.allowed}"
            raise SettingError(message, hint=error.hint or "unset it") from None
        except ValueError:
            raise SettingError(
                f"`{variable.full_name}` is `{text}`, allowed: {variable.allowed}",
                hint=f"unset it for the default, `{variable.default}`" if variable.default else "unset it",
            ) from None
    if values["url"] in ("", LOCAL):
        values["url"] = "" if values["url"] else _default_url_at_start(Home(values["home"]))
    return Settings(**cast("Any", values), from_wandb=tuple(from_wandb))


def default_url(home: Home) -> str:
    """Return the address of the server of the last `lightning-sweeps login`, or an empty string."""
    try:
        return home.default_url.read_text().strip()
    except OSError:
        return ""


@lru_cache(maxsize=8)
def _default_url_at_start(home: Home) -> str:
    """Return the same as this process saw it first: a training must not read a file again at every look."""
    return default_url(home)


def environment() -> dict[str, str]:
    """Return a snapshot of this process's environment."""
    return dict(os.environ)


def set_variable(name: str, value: str) -> None:
    """Set the variable `name` (without prefix) for this process and its future child processes."""
    os.environ[PREFIX + name] = value


def unset_variable(name: str) -> None:
    """Remove the variable `name` (without prefix) from the environment of this process."""
    os.environ.pop(PREFIX + name, None)


def replace_environment(environ: Mapping[str, str]) -> None:
    """Replace the environment of this process."""
    os.environ.clear()
    os.environ.update(environ)


def service_environment() -> dict[str, str]:
    """Return this process's environment without `LIGHTNING_SWEEPS_TRIAL`, for the service and the local server."""
    return {name: value for name, value in os.environ.items() if name != PREFIX + "TRIAL"}


def use_one_thread() -> None:
    """Limit linear algebra to one core in this process. It has an effect before numpy is imported."""
    os.environ.update(ONE_THREAD)

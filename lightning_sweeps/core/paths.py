"""Defines every path on disk, and writes files that other processes read."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from lightning_sweeps.errors import UsageError

JOURNAL_SUFFIX = ".journal"
REJECTED_SUFFIX = ".rejected"
CLOSED_SUFFIX = ".closed"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Home:
    """The home folder (`LIGHTNING_SWEEPS_HOME`) of one user on one machine."""

    root: Path

    @property
    def journals(self) -> Path:
        """The journals: one `<journal id>.journal` per logging process and run."""
        return self.root / "journals"

    def journal(self, journal_id: str) -> Path:
        """The file of a journal."""
        return self.journals / f"{one_name(journal_id)}{JOURNAL_SUFFIX}"

    def rejection(self, journal_id: str) -> Path:
        """Why a journal is rejected (JSON). It exists while the journal is not uploaded."""
        return self.journals / f"{one_name(journal_id)}{REJECTED_SUFFIX}"

    @property
    def delivered(self) -> Path:
        """Journals that the server has, kept for a while. See `journal/delivered.py`."""
        return self.root / "delivered"

    @property
    def offline(self) -> Path:
        """Journals of offline runs. Only `lightning-sweeps sync` uploads them."""
        return self.root / "offline"

    def stacks(self, pid: int, started: float) -> Path:
        """The file to which a process prints its stacks on SIGUSR2. It exists while the process handles the signal."""
        return self.root / "stacks" / f"{pid}-{started:.0f}"

    @property
    def stops(self) -> Path:
        """Requests to stop a run: one `<run id>.json` with `{"reason": ...}` per run."""
        return self.root / "stops"

    def stop(self, run_id: str) -> Path:
        """The request to stop a run."""
        return self.stops / f"{one_name(run_id)}.json"

    def attempts(self, run_id: str) -> Path:
        """The attempts of a run with an id that the program chose: a number and a process, one line each."""
        return self.root / "attempts" / one_name(run_id)

    def unfinished(self, project: str, rank: int) -> Path:
        """The id of the run that `init(resume="auto")` continues, as text. It is deleted when the run has finished."""
        return self.root / "attempts" / f".{project}-rank{rank}"

    def claim(self, program: str) -> Path:
        """The processes that were one rank of a job, one line each: the programs of one step of a launcher."""
        return self.root / "claims" / program

    def trial(self, trial_id: str) -> TrialFolder:
        """The folder of a trial on this node."""
        return TrialFolder(self.root / "trials" / one_name(trial_id))

    @property
    def trials(self) -> Path:
        """The folders of the trials on this node."""
        return self.root / "trials"

    def run_folder(self, project: str, run_id: str) -> Path:
        """The folder for files of a run, such as checkpoints: unique per run, the same on every rank."""
        return self.root / "runs" / project / run_id

    @property
    def media(self) -> Path:
        """The blobs that runs on this machine logged: media and files of artifacts, each stored once."""
        return self.root / "media"

    def blob(self, digest: str) -> Path:
        """The file of a blob, named by its SHA-256 (hex). It is complete before a record refers to it."""
        return self.media / digest[:2] / digest

    @property
    def blobs(self) -> Path:
        """The blobs of the local server, with unfinished uploads in `uploads`. See `BlobFolder`."""
        return self.root / "blobs"

    def artifacts(self, project: str) -> Path:
        """The artifacts of a project: one folder each, with one `v<number>.json` per version and `aliases.json`."""
        return self.root / "artifacts" / project

    def service_lock(self, node: str) -> Path:
        """The lock of this node's service. A shared home folder has one per node."""
        return self.root / f"service-{node}.lock"

    def service_start(self, node: str) -> Path:
        """A file that a process creates when it starts the service, which deletes it once it runs."""
        return self.root / f"service-{node}.start"

    def service_wakeup(self, node: str) -> Path:
        """A FIFO. A byte that a process writes to it makes the service upload at once."""
        return self.root / f"service-{node}.wakeup"

    def service_state(self, node: str) -> Path:
        """The state of the service: pid, journals, committed offsets, server, problem (JSON)."""
        return self.root / f"service-{node}.json"

    def job_logs(self, launcher: str) -> Path:
        """Output of the jobs that a launcher submitted, and the launcher's own files."""
        return self.root / launcher

    @property
    def submissions(self) -> Path:
        """What this user has submitted through launchers, one file each (JSON, mode 0600)."""
        return self.root / "submissions"

    def submission(self, submission_id: str) -> Path:
        """The jobs that were submitted together. See `agents.launchers.submissions`."""
        return self.submissions / f"{one_name(submission_id)}.json"

    @property
    def service_log(self) -> Path:
        """The log of the services of this home folder."""
        return self.root / "service.log"

    @property
    def server_file(self) -> Path:
        """Address and key of the local server (JSON, mode 0600). See `handover.ServerFile`."""
        return self.root / "server.json"

    @property
    def last_server(self) -> Path:
        """How the newest local server ran (JSON). See `handover.LastServer`."""
        return self.root / "server-last.json"

    @property
    def server_lock(self) -> Path:
        """The lock of the local server."""
        return self.root / "server.lock"

    @property
    def logins(self) -> Path:
        """API keys of other servers, by address (JSON, mode 0600)."""
        return self.root / "logins.json"

    @property
    def default_url(self) -> Path:
        """The address of the server that this machine uses by default, as text. `lightning-sweeps login` writes it."""
        return self.root / "server-url"

    @property
    def server_key(self) -> Path:
        """The API key of the local server (mode 0600), created at its first start."""
        return self.root / "server.key"

    @property
    def server_log(self) -> Path:
        """The log of the local server."""
        return self.root / "server.log"

    @property
    def server_database(self) -> Path:
        """The SQLite database of the local server."""
        return self.root / "server.db"


@dataclass(frozen=True, slots=True)
class BlobFolder:
    """The blobs of a server: one file each, named by its digest."""

    root: Path

    def blob(self, digest: str) -> Path:
        """The file of a blob, named by its SHA-256 (hex). It is complete and checked, and never changes."""
        return self.root / digest[:2] / digest

    def lock(self, digest: str) -> Path:
        """The lock for storing and deleting blobs in the subfolder of `digest`."""
        return self.root / digest[:2] / ".lock"

    @property
    def uploads(self) -> Path:
        """The folder of unfinished uploads."""
        return self.root / "uploads"

    def upload(self, digest: str) -> Path:
        """The part of a blob that was uploaded so far."""
        return self.uploads / digest


@dataclass(frozen=True, slots=True)
class TrialFolder:
    """The files of one trial on the node where it runs."""

    root: Path

    @property
    def parameters(self) -> Path:
        """The trial for every rank (JSON), at the path in `LIGHTNING_SWEEPS_TRIAL`. See `handover.TrialFile`."""
        return self.root / "trial.json"

    @property
    def arguments(self) -> Path:
        """The parameters of the trial, for the macro `${args_json_file}`."""
        return self.root / "args.json"

    @property
    def process(self) -> Path:
        """The agent's process and the trial's first process (JSON)."""
        return self.root / "process.json"

    @property
    def stdout(self) -> Path:
        """Standard output of the trial's first process."""
        return self.root / "stdout.log"

    @property
    def stderr(self) -> Path:
        """Standard error of the trial's first process."""
        return self.root / "stderr.log"

    @property
    def asks_for_stop(self) -> Path:
        """Exists once a program of the trial has asked whether the sweep wants to stop it."""
        return self.root / "asks-for-stop"

    @property
    def rank_logs(self) -> Path:
        """The log folder of torchrun, with files per rank."""
        return self.root / "ranks"

    def rank_stdout(self, launch_id: str, rank: int) -> Path:
        """Standard output of a rank that the fork server started. torchrun chooses its own names."""
        return self.rank_logs / launch_id / str(rank) / "stdout.log"

    def rank_stderr(self, launch_id: str, rank: int) -> Path:
        """Standard error of a rank that the fork server started."""
        return self.rank_logs / launch_id / str(rank) / "stderr.log"

    def failed_rank(self, launch_id: str) -> Path:
        """The rank that failed first in a trial that the fork server started, and its error (JSON)."""
        return self.rank_logs / launch_id / "failed.json"


@dataclass(frozen=True, slots=True)
class TunerFolder:
    """A temporary folder that the tuner and its agents share."""

    root: Path

    def agent(self, slot: int) -> Path:
        """The pid of the slot's agent while it runs, then its exit status (JSON)."""
        return self.root / f"agent-{slot}.json"

    def trial_claim(self, number: int) -> Path:
        """Exists once an agent has claimed one of the `--count` trials."""
        return self.root / f"trial-{number}"


def inside(path: str) -> PurePosixPath:
    """Return the relative path of an artifact's file. The list of files may come from an untrusted server.

    Raises:
        UsageError: the path is outside the artifact's folder.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or not pure.parts:
        raise UsageError(f"the path `{path}` of the artifact is outside its folder; no more files are written")
    return pure


def open_private(path: Path) -> BinaryIO:
    """Open a file to append to it, with mode 0600 if it is new. A file of this user that others may read is closed."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    with suppress(PermissionError):  # another user's file
        os.fchmod(descriptor, PRIVATE_FILE)
    return os.fdopen(descriptor, "ab")


def one_name(text: str) -> str:
    """Return `text` if it is the name of one file. Ids may come from an untrusted server.

    Raises:
        UsageError: it is empty, or leads out of its folder.
    """
    if not text or text in (".", "..") or "/" in text or "\0" in text:
        raise UsageError(f"`{text[:80]}` is not an id: it cannot name a file")
    return text


def make_private_folder(path: Path) -> None:
    """Create `path` and its parents. Only this user can access new folders, whatever the umask is."""
    try:
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except FileNotFoundError:  # `parents=True` would let others read the parents
        make_private_folder(path.parent)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def open_in_folder(path: Path, flags: int) -> int:
    """Open a file with mode 0600. Its folder is created only if opening fails, which saves calls on slow file systems.

    Returns:
        The descriptor. Child processes do not inherit it.
    """
    try:
        return os.open(path, flags | os.O_CLOEXEC, PRIVATE_FILE)
    except FileNotFoundError:
        make_private_folder(path.parent)
        return os.open(path, flags | os.O_CLOEXEC, PRIVATE_FILE)


@dataclass(frozen=True, slots=True)
class WandbClientFiles:
    """The files in which wandb's clients keep addresses and keys of servers, in a user's folder."""

    root: Path

    @property
    def netrc(self) -> Path:
        """The keys, by host."""
        return self.root / ".netrc"

    @property
    def settings(self) -> Path:
        """The settings of all projects."""
        return self.root / ".config" / "wandb" / "settings"


def write_whole(path: Path, data: bytes, *, is_synced: bool = True) -> None:
    """Write a file so that readers see either the old or the new contents: write a temporary file, sync it, rename it.

    Args:
        path: file to replace; its folder is created if necessary.
        data: new contents.
        is_synced: whether to wait for the disk. False for files that are not needed after a crash of the machine.
    """
    make_private_folder(path.parent)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if is_synced:
                os.fsync(stream.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise

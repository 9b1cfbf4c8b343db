"""Every name on disk: the home folder, what lies in it, and how files that other processes read are written."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lightning_sweeps.errors import UsageError

JOURNAL_SUFFIX = ".journal"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Home:
    """The home folder (`LIGHTNING_SWEEPS_HOME`) of one user on one machine."""

    root: Path

    @property
    def journals(self) -> Path:
        """One `<journal id>.journal` per process that logs."""
        return self.root / "journals"

    def journal(self, journal_id: str) -> Path:
        return self.journals / f"{journal_id}{JOURNAL_SUFFIX}"

    @property
    def offline(self) -> Path:
        """Journals of runs in offline mode: shipped by `lightning-sweeps sync` alone."""
        return self.root / "offline"

    def stacks(self, pid: int, started: float) -> Path:
        """Where a process prints the stacks of its threads when the service asks for them; it is there while it can."""
        return self.root / "stacks" / f"{pid}-{started:.0f}"

    @property
    def stops(self) -> Path:
        """One `<run id>.json` per run that was told to stop: `{"reason": ...}`."""
        return self.root / "stops"

    def stop(self, run_id: str) -> Path:
        return self.stops / f"{run_id}.json"

    def trial(self, trial_id: str) -> TrialFolder:
        return TrialFolder(self.root / "trials" / trial_id)

    @property
    def trials(self) -> Path:
        return self.root / "trials"

    def run_folder(self, project: str, run_id: str) -> Path:
        """The folder of one run's own files (checkpoints): unique per run, the same on every rank."""
        return self.root / "runs" / project / run_id

    @property
    def media(self) -> Path:
        """Content-addressed files: what runs have logged besides rows, each once."""
        return self.root / "media"

    def blob(self, digest: str) -> Path:
        """The file with the SHA-256 `digest` (hex); written whole before a record names it, never changed after."""
        return self.media / digest[:2] / digest

    @property
    def blobs(self) -> Path:
        """The contents that the server of this home has; what is on its way lies in `uploads` there."""
        return self.root / "blobs"

    def artifacts(self, project: str) -> Path:
        """One folder an artifact, with one `v<number>.json` a version and `aliases.json`."""
        return self.root / "artifacts" / project

    def service_lock(self, node: str) -> Path:
        """Held by the one service of this node; a home on a shared file system has one per node."""
        return self.root / f"service-{node}.lock"

    def service_start(self, node: str) -> Path:
        """Touched by the process that has just started the service."""
        return self.root / f"service-{node}.start"

    def service_state(self, node: str) -> Path:
        """What the service last said of itself: pid, journals, server, problem (JSON)."""
        return self.root / f"service-{node}.json"

    def job_logs(self, launcher: str) -> Path:
        """The logs of the jobs that a launcher has submitted, and the launcher's other files."""
        return self.root / launcher

    @property
    def service_log(self) -> Path:
        return self.root / "service.log"

    @property
    def server_file(self) -> Path:
        """How the local server is found: url, token, pid (JSON, mode 0600)."""
        return self.root / "server.json"

    @property
    def server_lock(self) -> Path:
        return self.root / "server.lock"

    @property
    def logins(self) -> Path:
        """The keys of other servers, by address (JSON, mode 0600)."""
        return self.root / "logins.json"

    @property
    def server_key(self) -> Path:
        """The local server's API key (mode 0600), made at its first start."""
        return self.root / "server.key"

    @property
    def server_log(self) -> Path:
        return self.root / "server.log"

    @property
    def server_database(self) -> Path:
        return self.root / "server.db"


@dataclass(frozen=True, slots=True)
class BlobFolder:
    """A server's contents: each a file of its own, named by its digest."""

    root: Path

    def blob(self, digest: str) -> Path:
        """The content with the SHA-256 `digest`, whole and checked; never changed after."""
        return self.root / digest[:2] / digest

    def lock(self, digest: str) -> Path:
        """Held by who stores or takes away a content of this folder."""
        return self.root / digest[:2] / ".lock"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    def upload(self, digest: str) -> Path:
        """The part of a content that has come so far."""
        return self.uploads / digest


@dataclass(frozen=True, slots=True)
class TrialFolder:
    """The files of one trial on the node where it runs."""

    root: Path

    @property
    def parameters(self) -> Path:
        """The trial as every rank sees it (JSON); `LIGHTNING_SWEEPS_TRIAL` names this file."""
        return self.root / "trial.json"

    @property
    def arguments(self) -> Path:
        """The parameters alone, for the `${args_json_file}` macro."""
        return self.root / "args.json"

    @property
    def process(self) -> Path:
        """Who runs the trial: the agent's pid and start time, the trial's first process (JSON)."""
        return self.root / "process.json"

    @property
    def stdout(self) -> Path:
        return self.root / "stdout.log"

    @property
    def stderr(self) -> Path:
        return self.root / "stderr.log"

    @property
    def rank_logs(self) -> Path:
        """torchrun's log folder: one file per rank."""
        return self.root / "ranks"

    def rank_stdout(self, launch_id: str, rank: int) -> Path:
        """What a rank of a trial that was started warm prints; torchrun makes names of its own."""
        return self.rank_logs / launch_id / str(rank) / "stdout.log"

    def rank_stderr(self, launch_id: str, rank: int) -> Path:
        return self.rank_logs / launch_id / str(rank) / "stderr.log"

    def failed_rank(self, launch_id: str) -> Path:
        """Which rank of a trial that was started warm failed first, and how (JSON)."""
        return self.rank_logs / launch_id / "failed.json"


@dataclass(frozen=True, slots=True)
class TunerFolder:
    """Files that the agents of one machine share while one command runs them: a temporary folder."""

    root: Path

    def agent(self, slot: int) -> Path:
        """The pid of the slot's agent while it lives, its exit status afterwards (JSON)."""
        return self.root / f"agent-{slot}.json"

    def trial_claim(self, number: int) -> Path:
        """Exists once an agent has claimed one of the `--count` trials."""
        return self.root / f"trial-{number}"


def inside(path: str) -> PurePosixPath:
    """Return the path of an artifact's file where it stays inside a folder: what lists it may come from anybody.

    Raises:
        UsageError: it leads out.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or not pure.parts:
        raise UsageError(f"the artifact's path `{path}` leads out of its folder; nothing more is written")
    return pure


def make_private_folder(path: Path) -> None:
    """Make `path` and its parents, readable by this user alone where they are new."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def open_in_folder(path: Path, flags: int) -> int:
    """Open a file of this user's, and make its folder only where it is missing: on a slow file system each look counts.

    Returns:
        the descriptor; not inherited by programs that are started.
    """
    try:
        return os.open(path, flags | os.O_CLOEXEC, PRIVATE_FILE)
    except FileNotFoundError:
        make_private_folder(path.parent)
        return os.open(path, flags | os.O_CLOEXEC, PRIVATE_FILE)


def write_whole(path: Path, data: bytes, *, is_synced: bool = True) -> None:
    """Write `path` so that a reader sees the old content or the new one, never a part: beside, synced, renamed.

    Args:
        is_synced: False for what is worthless after the machine has crashed: it saves the wait for the disk.
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

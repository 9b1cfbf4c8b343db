"""What this user has submitted: one small file for each submission in the home folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from lightning_sweeps.core.paths import Home, make_private_folder, write_whole


@dataclass(frozen=True, slots=True)
class Submission:
    """Jobs that were submitted together.

    Attributes:
        id: its name on disk, and a part of the name of its API key.
        launcher: name of the launcher.
        options: texts of each option of the launcher, from which it can be made again.
        sweep: the sweep.
        url: address of the server; empty for the local one.
        jobs: ids of the jobs, as the launcher returned them.
        key: name of the API key that was made for the jobs; empty if there is none, or none any more.
        submitted: seconds since the epoch.
    """

    id: str
    launcher: str
    options: dict[str, list[str]]
    sweep: str
    url: str
    jobs: list[str]
    key: str
    submitted: float


def save_submission(home: Home, submission: Submission) -> None:
    """Write a submission, or replace it."""
    make_private_folder(home.submissions)
    write_whole(home.submission(submission.id), msgspec.json.encode(submission))


def forget_submission(home: Home, submission: Submission) -> None:
    """Delete the file of a submission."""
    home.submission(submission.id).unlink(missing_ok=True)


def forget_key(home: Home, submission: Submission) -> Submission:
    """Note that the API key of a submission is revoked, and return the submission without it."""
    changed = replace(submission, key="")
    save_submission(home, changed)
    return changed


def read_submissions(home: Home, *, url: str, sweep: str | None = None) -> Iterator[Submission]:
    """Yield the submissions for a server, oldest first.

    Args:
        home: the home folder.
        url: address of the server; empty for the local one.
        sweep: only those of this sweep.
    """
    paths = home.submissions.glob("*.json") if home.submissions.exists() else ()
    found = [msgspec.json.decode(path.read_bytes(), type=Submission) for path in paths]
    for submission in sorted(found, key=lambda one: (one.submitted, one.id)):
        if submission.url == url and sweep in (None, submission.sweep):
            yield submission

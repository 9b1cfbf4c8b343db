"""The server's operations over HTTP: one method each, with a deadline, errors mapped to `errors.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from lightning_sweeps import messages as m
from lightning_sweeps.errors import (
    Fault,
    NotFound,
    OffsetConflict,
    ServerRefused,
    ServerUnreachable,
    SweepFileError,
    Unauthorized,
)

T = TypeVar("T")

CONNECT_TIMEOUT_S = 3.05
READ_TIMEOUT_S = 30.0
HEARTBEAT_TIMEOUT_S = 5.0
"""An agent that waits for its heartbeat's answer looks after nothing else."""

LEASE_MARGIN_S = 10.0
"""How much longer than its own wait a lease request may take."""

SAFE_RETRIES = 2
BLOB_PIECE_BYTES = 1 << 20
JOURNAL_CONTENT_TYPE = "application/vnd.lightning-sweeps.journal"
JOURNALS_CONTENT_TYPE = "application/vnd.lightning-sweeps.journals"


class Client:
    """One server, one API key, one connection pool. Not shared between threads or processes.

    Args:
        url: `http://host:port` of the server.
        token: the API key that every request carries.
        timeout_s: the longest that one request may wait for the next byte.
        ca_file: certificates to check the server's with, for `https://`; None: those of public authorities.

    Every method raises `ServerUnreachable`, `Unauthorized`, `NotFound` or `ServerRefused`.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = READ_TIMEOUT_S, ca_file: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = False  # a cluster's HTTP proxy must not sit between a node and its own server
        if ca_file is not None:
            self._session.verify = str(ca_file)
        self._session.headers["Authorization"] = f"Bearer {token}"
        reads = Retry(SAFE_RETRIES, allowed_methods=["GET"], status_forcelist=[502, 503, 504], backoff_factor=0.1)
        adapter = HTTPAdapter(max_retries=reads)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # server

    def health(self) -> m.Health:
        return self._get("/api/health", m.Health)

    def login_link(self) -> m.LoginLink:
        """Return a link that logs a browser in to the dashboard, once."""
        return self._post("/api/login", m.LoginLink)

    def create_key(self, key: m.KeyCreate) -> m.KeyCreated:
        """Make an API key; takes the role admin, as the next two do."""
        return self._post("/api/keys", m.KeyCreated, key)

    def keys_of_server(self) -> list[m.ApiKey]:
        return self._get("/api/keys", list[m.ApiKey])

    def revoke_key(self, name: str) -> list[m.ApiKey]:
        return self._call("POST", "/api/keys/revoke", list[m.ApiKey], params={"name": name})

    # journals

    def send_journal(self, journal_id: str, offset: int, part: bytes) -> m.IngestReply:
        """Send whole records that lie at `offset` of the journal; the server skips what it already has.

        Raises:
            OffsetConflict: the server has less than `offset`; send again from its `committed`.
        """
        return self._call(
            "POST",
            f"/api/journals/{journal_id}",
            m.IngestReply,
            params={"offset": offset},
            data=part,
            headers={"Content-Type": JOURNAL_CONTENT_TYPE},
        )

    def send_journals(self, parts: Sequence[tuple[str, int, bytes]]) -> list[m.JournalOutcome]:
        """Send parts of several journals at once: (journal id, offset, whole records) each; one outcome for each."""
        return self._call(
            "POST",
            "/api/journals",
            list[m.JournalOutcome],
            data=msgspec.msgpack.encode(parts),
            headers={"Content-Type": JOURNALS_CONTENT_TYPE},
        )

    def journal_offset(self, journal_id: str) -> int:
        """Return how many bytes of the journal are committed; 0 for one that the server has never seen."""
        return self._get(f"/api/journals/{journal_id}", m.IngestReply).offset

    # runs

    def projects(self) -> list[str]:
        return self._get("/api/projects", list[str])

    def runs(self, **filters: str | int | None) -> m.RunList:
        """List runs, newest first; filters: project, group, sweep, trial, state, limit, offset."""
        return self._get("/api/runs", m.RunList, params=filters)

    def query_runs(self, query: m.RunsQuery) -> m.RunsPage:
        """Return a page of the runs table: filtered, sorted, with chosen columns."""
        return self._post("/api/runs/query", m.RunsPage, query)

    def changes(self, *, since: float | None = None, project: str | None = None) -> m.Changes:
        """Return what changed since the cursor of an earlier answer; without one, a cursor to begin with."""
        return self._get("/api/changes", m.Changes, params={"since": since, "project": project})

    def run(self, run_id: str) -> m.Run:
        return self._get(f"/api/runs/{run_id}", m.Run)

    def keys(self, owner_id: str) -> list[m.SeriesInfo]:
        """List the logged keys of a run, or the sampled ones of a node."""
        return self._get(f"/api/series/{owner_id}", list[m.SeriesInfo])

    def series(
        self,
        owner_id: str,
        key: str,
        *,
        points: int = 800,
        x: str = "step",
        low: float | None = None,
        high: float | None = None,
    ) -> m.Series:
        """Return a series at a width of `points` buckets; every bucket holds its minimum and maximum."""
        params = {"key": key, "points": points, "x": x, "low": low, "high": high}
        return self._get(f"/api/series/{owner_id}/buckets", m.Series, params=params)

    def query_series(self, query: m.SeriesQuery) -> m.SeriesAnswer:
        """Return many series, or groups of them, for charts of one width."""
        return self._post("/api/series/query", m.SeriesAnswer, query)

    def points(
        self,
        owner_id: str,
        key: str,
        *,
        x: str = "step",
        low: float | None = None,
        high: float | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[m.Point]:
        """Return the stored values of a series in the order of its rows: all, a part, or a page of them."""
        params = {"key": key, "x": x, "low": low, "high": high, "offset": offset, "limit": limit}
        return self._get(f"/api/series/{owner_id}/points", list[m.Point], params=params)

    def label_run(self, run_id: str, *, tags: list[str] | None = None, notes: str | None = None) -> m.Run:
        """Give a run other tags or notes; None leaves what is there."""
        return self._post(f"/api/runs/{run_id}/labels", m.Run, m.RunLabels(tags, notes))

    def console(self, run_id: str, *, last: int = 200, after: int = 0) -> list[m.ConsoleLine]:
        """Return the last console lines, oldest first; only those with an id above `after`."""
        return self._get(f"/api/runs/{run_id}/console", list[m.ConsoleLine], params={"last": last, "after": after})

    def nodes(self) -> list[m.Node]:
        return self._get("/api/nodes", list[m.Node])

    # media and artifacts

    def media(
        self, run_id: str, *, key: str | None = None, step: int | None = None, after: int = 0, limit: int = 1000
    ) -> list[m.MediaEntry]:
        """Return files that a run has logged, oldest first; only those with an id above `after`."""
        params = {"key": key, "step": step, "after": after, "limit": limit}
        return self._get(f"/api/runs/{run_id}/media", list[m.MediaEntry], params=params)

    def media_keys(self, run_id: str) -> list[m.MediaKey]:
        return self._get(f"/api/runs/{run_id}/media/keys", list[m.MediaKey])

    def artifacts(
        self, *, project: str | None = None, name: str | None = None, kind: str | None = None
    ) -> list[m.Artifact]:
        """Return versions of artifacts, the newest of each name first."""
        return self._get("/api/artifacts", list[m.Artifact], params={"project": project, "name": name, "kind": kind})

    def artifact_files(self, artifact_id: str) -> list[m.ArtifactFile]:
        return self._get(f"/api/artifacts/{artifact_id}/files", list[m.ArtifactFile])

    def artifact_uses(self, run_id: str) -> list[m.ArtifactUse]:
        """Return the artifacts that a run has made and used."""
        return self._get(f"/api/runs/{run_id}/artifacts", list[m.ArtifactUse])

    def give_aliases(self, artifact_id: str, aliases: Sequence[str]) -> m.Artifact:
        """Give aliases such as `best` to a version; each is taken from the version that had it."""
        return self._post(f"/api/artifacts/{artifact_id}/aliases", m.Artifact, m.AliasChange(list(aliases)))

    def remove_artifact(self, artifact_id: str) -> m.Artifact:
        """Take a version away, and return what it was."""
        return self._call("DELETE", f"/api/artifacts/{artifact_id}", m.Artifact)

    def lacking(self, journal_id: str, *, after: str = "", limit: int = 100) -> list[m.BlobState]:
        """Return contents that a journal's rows name and the server lacks: those behind the digest `after`."""
        params = {"after": after, "limit": limit}
        return self._get(f"/api/journals/{journal_id}/lacking", list[m.BlobState], params=params)

    def put_blob(self, digest: str, offset: int, part: bytes) -> m.BlobState:
        """Send a part of a content; go on at the answer's `offset` until it `is_stored`."""
        return self._call("PUT", f"/api/blobs/{digest}", m.BlobState, params={"offset": offset}, data=part)

    def blob_state(self, digest: str) -> m.BlobState:
        return self._get(f"/api/blobs/{digest}/state", m.BlobState)

    def blob(self, digest: str, *, offset: int = 0) -> Iterator[bytes]:
        """Yield a content piece by piece, from the byte `offset` on."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._talk("GET", f"/api/blobs/{digest}", headers=headers, stream=True) as response:
            if response.status_code not in (200, 206):
                raise self._refusal(response.status_code, response.content)
            try:
                yield from response.iter_content(BLOB_PIECE_BYTES)
            except (requests.RequestException, OSError) as error:
                raise self._unreachable(error) from error

    def usage(self) -> dict[str, int]:
        """Return how many bytes of contents each project keeps."""
        return self._get("/api/usage", dict[str, int])

    # sweeps

    def create_sweep(self, sweep: m.SweepCreate) -> m.SweepCreated:
        """Create a sweep.

        Raises:
            SweepFileError: the configuration has faults; nothing was created.
        """
        return self._post("/api/sweeps", m.SweepCreated, sweep)

    def sweeps(self, *, project: str | None = None) -> list[m.Sweep]:
        return self._get("/api/sweeps", list[m.Sweep], params={"project": project})

    def sweep(self, sweep_id: str) -> m.Sweep:
        return self._get(f"/api/sweeps/{sweep_id}", m.Sweep)

    def set_sweep_state(self, sweep_id: str, state: m.SweepState) -> m.Sweep:
        return self._post(f"/api/sweeps/{sweep_id}/state", m.Sweep, m.SweepStateChange(state))

    def update_sweep(self, sweep_id: str, update: m.SweepUpdate) -> m.Sweep:
        """Give a sweep a new configuration; its method, parameters, metrics and seed must be those that it has.

        Raises:
            SweepFileError: the configuration has faults; nothing was changed.
        """
        return self._post(f"/api/sweeps/{sweep_id}/update", m.Sweep, update)

    def enqueue_trial(self, sweep_id: str, params: dict[str, Any]) -> m.Trial:
        """Add a trial with these parameters, which waits for an agent behind those that wait already."""
        return self._post(f"/api/sweeps/{sweep_id}/trials", m.Trial, m.TrialEnqueue(params))

    def trials(self, sweep_id: str) -> list[m.Trial]:
        return self._get(f"/api/sweeps/{sweep_id}/trials", list[m.Trial])

    def agents(self, sweep_id: str) -> list[m.Agent]:
        return self._get(f"/api/sweeps/{sweep_id}/agents", list[m.Agent])

    def trial(self, trial_id: str) -> m.Trial:
        return self._get(f"/api/trials/{trial_id}", m.Trial)

    def sweep_changes(self, sweep_id: str) -> list[m.SweepChange]:
        """Return what people did to a sweep, the first first."""
        return self._get(f"/api/sweeps/{sweep_id}/changes", list[m.SweepChange])

    def mark_trial(self, trial_id: str, mark: m.TrialMark) -> m.Trial:
        """Say whether a trial's value counts, or what is to be known of it."""
        return self._post(f"/api/trials/{trial_id}/mark", m.Trial, mark)

    def stop_trial(self, trial_id: str) -> m.Trial:
        return self._post(f"/api/trials/{trial_id}/stop", m.Trial)

    # agents

    def register_agent(self, sweep_id: str, agent: m.AgentRegister) -> m.AgentRegistered:
        return self._post(f"/api/sweeps/{sweep_id}/agents", m.AgentRegistered, agent)

    def lease(self, agent_id: str, *, wait_s: float, endpoint: str | None = None) -> m.Lease:
        """Ask for a trial; the server answers when it has one, when the sweep's state changes, or after `wait_s`.

        `endpoint`: `host:port` on this machine where the processes of a trial over several machines could meet.
        """
        return self._call(
            "POST",
            f"/api/agents/{agent_id}/lease",
            m.Lease,
            params={"wait_s": wait_s, "endpoint": endpoint},
            timeout_s=wait_s + LEASE_MARGIN_S,
        )

    def heartbeat(self, agent_id: str, *, trial: str | None, spent_s: dict[str, float] | None = None) -> m.AgentOrders:
        path = f"/api/agents/{agent_id}/heartbeat"
        return self._post(path, m.AgentOrders, m.AgentHeartbeat(trial, spent_s), timeout_s=HEARTBEAT_TIMEOUT_S)

    def leave(self, agent_id: str) -> m.Agent:
        """Say that the agent ends; a trial that it still holds goes back to the sweep."""
        return self._post(f"/api/agents/{agent_id}/leave", m.Agent)

    def start_trial(self, agent_id: str, trial_id: str) -> m.Trial:
        """Say that the trial's program was started."""
        return self._post(f"/api/agents/{agent_id}/trials/{trial_id}/start", m.Trial)

    def end_trial(self, agent_id: str, trial_id: str, end: m.TrialEnd) -> m.Trial:
        """Say how the trial's processes ended."""
        return self._post(f"/api/agents/{agent_id}/trials/{trial_id}/end", m.Trial, end)

    # the one place that talks

    def _get(self, path: str, kind: type[T], params: dict[str, Any] | None = None) -> T:
        return self._call("GET", path, kind, params=params)

    def _post(self, path: str, kind: type[T], body: object = None, *, timeout_s: float | None = None) -> T:
        headers = {"Content-Type": "application/json"}
        encoded = msgspec.json.encode(asdict(body)) if is_dataclass(body) and not isinstance(body, type) else b""
        return self._call("POST", path, kind, data=encoded, headers=headers, timeout_s=timeout_s)

    def _call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        params: dict[str, Any] | None = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> T:
        response = self._talk(method, path, params=params, data=data, headers=headers, timeout_s=timeout_s)
        content = response.content
        if response.status_code != 200:
            raise self._refusal(response.status_code, content)
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError as error:
            raise ServerRefused(
                f"`{self.url}` answers in a form that this version does not read ({error})",
                status=response.status_code,
                hint="is this address a lightning-sweeps server of the same version?",
            ) from error

    def _talk(
        self, method: str, path: str, *, timeout_s: float | None = None, stream: bool = False, **more: Any
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                self.url + path,
                timeout=(CONNECT_TIMEOUT_S, timeout_s or self._timeout_s),
                allow_redirects=False,
                stream=stream,
                **more,
            )
        except (requests.RequestException, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: BaseException) -> ServerUnreachable:
        return ServerUnreachable(
            f"the server at `{self.url}` does not answer ({_short(error)})",
            hint="is it running? start one with `lightning-sweeps server`, or check LIGHTNING_SWEEPS_URL",
        )

    def _refusal(self, status: int, content: bytes) -> ServerRefused | SweepFileError:
        if status == 409:
            try:
                return OffsetConflict(msgspec.json.decode(content, type=m.IngestReply).offset)
            except msgspec.DecodeError:
                pass  # a conflict of another kind carries a Problem
        problem = _problem(content)
        if status == 401:
            return Unauthorized(
                f"the server at `{self.url}` does not accept this API key",
                status=status,
                hint="set LIGHTNING_SWEEPS_API_KEY to a key of that server",
            )
        if problem.faults:
            return SweepFileError([Fault(**fault) for fault in problem.faults])
        kind = NotFound if status == 404 else ServerRefused
        message = problem.message or f"the server at `{self.url}` answered {status}"
        return kind(message, status=status, hint=problem.hint or None)


def _problem(content: bytes) -> m.Problem:
    try:
        return msgspec.json.decode(content, type=m.Problem)
    except msgspec.DecodeError:
        return m.Problem(message="")


def _short(error: BaseException) -> str:
    """Return the cause at the root of requests' nested errors, in a few words."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__

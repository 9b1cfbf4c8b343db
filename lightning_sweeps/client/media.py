"""Media and artifacts of runs, and the contents that they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport


class MediaRoutes(Transport):
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
        return self._pieces(f"/api/blobs/{digest}", headers)

    def usage(self) -> dict[str, int]:
        """Return how many bytes of contents each project keeps."""
        return self._get("/api/usage", dict[str, int])

"""Operations of media, artifacts and blobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport


class MediaRoutes(Transport):
    """Operations of media, artifacts and blobs."""

    def media(
        self, run_id: str, *, key: str | None = None, step: int | None = None, after: int = 0, limit: int = 1000
    ) -> list[m.MediaEntry]:
        """Return the files that a run logged, oldest first, with an id above `after`."""
        params = {"key": key, "step": step, "after": after, "limit": limit}
        return self._get(f"/api/runs/{run_id}/media", list[m.MediaEntry], params=params)

    def media_keys(self, run_id: str) -> list[m.MediaKey]:
        """Return the keys under which a run logged files."""
        return self._get(f"/api/runs/{run_id}/media/keys", list[m.MediaKey])

    def artifacts(
        self, *, project: str | None = None, name: str | None = None, kind: str | None = None
    ) -> list[m.Artifact]:
        """Return the versions of artifacts, the newest of each name first."""
        return self._get("/api/artifacts", list[m.Artifact], params={"project": project, "name": name, "kind": kind})

    def artifact_files(self, artifact_id: str) -> list[m.ArtifactFile]:
        """Return the files of a version of an artifact."""
        return self._get(f"/api/artifacts/{artifact_id}/files", list[m.ArtifactFile])

    def artifact_uses(self, run_id: str) -> list[m.ArtifactUse]:
        """Return the artifacts that a run created and used."""
        return self._get(f"/api/runs/{run_id}/artifacts", list[m.ArtifactUse])

    def give_aliases(self, artifact_id: str, aliases: Sequence[str]) -> m.Artifact:
        """Move aliases such as `best` to a version, from the versions that had them."""
        return self._post(f"/api/artifacts/{artifact_id}/aliases", m.Artifact, m.AliasChange(list(aliases)))

    def remove_artifact(self, artifact_id: str) -> m.Artifact:
        """Delete a version of an artifact and return it."""
        return self._call("DELETE", f"/api/artifacts/{artifact_id}", m.Artifact)

    def missing_blobs(self, journal_id: str, *, after: str = "", limit: int = 100) -> list[m.BlobState]:
        """Return blobs that a journal's rows refer to and the server does not have, with a digest above `after`."""
        params = {"after": after, "limit": limit}
        return self._get(f"/api/journals/{journal_id}/lacking", list[m.BlobState], params=params)

    def put_blob(self, digest: str, offset: int, part: bytes) -> m.BlobState:
        """Upload a part of a blob. Continue at the `offset` of the response until `is_stored` is true."""
        return self._call("PUT", f"/api/blobs/{digest}", m.BlobState, params={"offset": offset}, data=part)

    def blob_state(self, digest: str) -> m.BlobState:
        """Return how much of a blob the server has."""
        return self._get(f"/api/blobs/{digest}/state", m.BlobState)

    def blob(self, digest: str, *, offset: int = 0) -> Iterator[bytes]:
        """Yield the bytes of a blob in chunks, starting at byte `offset`."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        return self._stream(f"/api/blobs/{digest}", headers)

    def usage(self) -> dict[str, int]:
        """Return the size in bytes of the blobs of each project."""
        return self._get("/api/usage", dict[str, int])

"""A small cluster for tests: the API of Kubernetes from kmock, and a kubelet that runs each Job as a local process.

It needs an environment with kmock: `python kubelet.py FOLDER`. It writes a kubeconfig to the folder once it serves, and
ends with its standard input. The image of a Job must be `here`; pods of other images wait, as for a missing image.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import kmock

NAMESPACE = "default"
HOST = "node-1"
IMAGE = "here"
JOBS = kmock.resource("batch", "v1", "jobs")
PODS = kmock.resource("", "v1", "pods")
SECRETS = kmock.resource("", "v1", "secrets")
POLL_S = 0.1
AWAY = "http://127.0.0.1:9"
"""Nothing answers there. The kubeconfig has a context for it."""

NO_IMAGE = {"waiting": {"reason": "ImagePullBackOff", "message": "back-off pulling image"}}


class Kubelet:
    """Starts a pod for each Job, and ends it when the Job is deleted."""

    def __init__(self, api: kmock.KubernetesEmulator, folder: Path) -> None:
        self.api = api
        self.folder = folder
        self.pods: dict[str, asyncio.Task[None]] = {}
        self.ending: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        while True:
            jobs = [
                name for (resource, _, name), job in self.api.objects.items() if resource == JOBS and not job.deleted
            ]
            for name in jobs:
                if name not in self.pods:
                    self.pods[name] = asyncio.create_task(self.run_pod(name))
            for name in self.pods.keys() - jobs:
                self.end(name)
            await asyncio.sleep(POLL_S)

    def end(self, name: str) -> None:
        """End a pod. It takes the time that its process needs."""
        pod = self.pods.pop(name)
        pod.cancel()
        self.ending.append(pod)

    async def run_pod(self, name: str) -> None:
        job = self.api.objects[JOBS, NAMESPACE, name]
        pod = job.raw["spec"]["template"]["spec"]
        container = pod["containers"][0]
        if container["image"] != IMAGE:
            self.show_pod(
                name,
                "Pending",
                [
                    {
                        "name": container["name"],
                        "image": "",
                        "imageID": "",
                        "ready": False,
                        "restartCount": 0,
                        "state": NO_IMAGE,
                    }
                ],
            )
            return
        while (SECRETS, NAMESPACE, name) not in self.api.objects:
            await asyncio.sleep(POLL_S)
        variables = self.api.objects[SECRETS, NAMESPACE, name].raw["stringData"]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *container["command"],
                cwd=container["workingDir"],
                env={**os.environ, **variables, "LIGHTNING_SWEEPS_HOME": str(self.folder / "home")},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.show_pod(name, "Running", [])
        try:
            status = await process.wait()
        except asyncio.CancelledError:  # the Job was deleted
            process.terminate()
            await process.wait()
            self.show_pod(name, "Failed", [])
            return
        self.show_pod(name, "Failed" if status else "Succeeded", [])
        ended = {"type": "Failed" if status else "Complete", "status": "True", "message": f"exit status {status}"}
        job.patch({"status": {"conditions": [ended]}})

    def show_pod(self, name: str, phase: str, containers: list[dict[str, Any]]) -> None:
        metadata = {"name": f"{name}-pod", "namespace": NAMESPACE, "labels": {"job-name": name}}
        status = {"phase": phase, "containerStatuses": containers}
        spec = {"nodeName": HOST if phase == "Running" else "", "containers": []}
        key = (PODS, NAMESPACE, f"{name}-pod")
        if key in self.api.objects:
            self.api.objects[key].patch({"status": status, "spec": spec})
        else:
            self.api.objects[key] = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": metadata,
                "spec": spec,
                "status": status,
            }


class Cluster(kmock.KubernetesEmulator):  # type: ignore[misc]
    """The API, with the ids and states of new objects, which kmock leaves out."""

    async def _handle(self, request: Any) -> Any:
        if request.action == kmock.action.CREATE:
            request.data["metadata"]["uid"] = str(uuid.uuid4())
            request.data.setdefault("status", {})
        return await super()._handle(request)


async def serve(folder: Path) -> None:
    """Serve until the standard input ends."""
    async with Cluster() as api, kmock.Server(api) as server:
        for resource in (JOBS, PODS, SECRETS):
            api.resources[resource] = {}
        kubelet = Kubelet(api, folder)

        def log(request: Any) -> kmock.Response:
            name = request.url.path.split("/pods/")[1].removesuffix("-pod/log")
            path = folder / f"{name}.log"
            said = path.read_bytes() if path.exists() else b""
            return kmock.Response(payload=said, headers={"Content-Type": "text/plain"})

        api[kmock.path(re.compile(r".*/log"))] << log
        cluster = {"server": str(server.url).rstrip("/")}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}, {"name": "away", "cluster": {"server": AWAY}}],
            "users": [{"name": "test", "user": {"token": base64.b64encode(b"test").decode()}}],
            "contexts": [
                {"name": name, "context": {"cluster": name, "user": "test", "namespace": NAMESPACE}}
                for name in ("test", "away")
            ],
        }
        running = asyncio.create_task(kubelet.run())
        beside = folder / "config.part"
        beside.write_text(json.dumps(config))
        beside.rename(folder / "config")
        await asyncio.to_thread(sys.stdin.read)
        running.cancel()
        for name in list(kubelet.pods):
            kubelet.end(name)
        await asyncio.gather(*kubelet.ending, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))

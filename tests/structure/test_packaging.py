"""The files in packaging/: the image has what it needs and no more, the manifest is valid, the health check works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lightning_sweeps.core.settings import environment
from tests.servers import running_server

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
DOCKERFILE = (PACKAGING / "docker" / "Dockerfile").read_text()
MANIFEST = PACKAGING / "kubernetes" / "server.yaml"


def test_the_image_has_what_it_copies_a_user_and_a_health_check() -> None:
    instructions = re.findall(r"^([A-Z]+) (.*)$", DOCKERFILE, re.MULTILINE)
    last = dict(instructions)
    assert last["USER"] == "10001" and "useradd --uid 10001" in DOCKERFILE
    assert "health.py" in last["HEALTHCHECK"] and "lightning-sweeps" in last["ENTRYPOINT"]
    copied = [words.split()[0] for name, words in instructions if name == "COPY" and not words.startswith("--from")]
    assert all((ROOT / name).exists() for name in copied)
    assert [words for name, words in instructions if name == "FROM"] == [
        "python:3.12-slim AS build",
        "python:3.12-slim",
    ]


def test_the_image_passes_hadolint() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is installed with the extra `dev` on Linux")
    words = [str(linter), str(PACKAGING / "docker" / "Dockerfile")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_rattler_build_accepts_the_conda_recipe() -> None:
    rattler = pytest.importorskip("rattler_build", reason="rattler-build is installed with the extra `dev` on Linux")
    recipe = rattler.Stage0Recipe.from_file(str(PACKAGING / "conda" / "recipe.yaml"))
    (rendered,) = recipe.render(rattler.VariantConfig())
    assert (rendered.recipe.package.name, rendered.recipe.build.noarch) == ("lightning-sweeps", "python")
    assert {"pytorch >=2.6", "python >=3.10"} <= {str(wanted) for wanted in rendered.recipe.requirements.run}


def test_the_manifest_runs_the_image_as_a_plain_user() -> None:
    service, workload = yaml.safe_load_all(MANIFEST.read_text())
    assert (service["kind"], workload["kind"]) == ("Service", "StatefulSet")
    template = workload["spec"]["template"]
    assert template["metadata"]["labels"].items() >= service["spec"]["selector"].items()
    assert template["spec"]["securityContext"]["runAsUser"] == 10001
    (container,) = template["spec"]["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert f"EXPOSE {container['ports'][0]['containerPort']}" in DOCKERFILE
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    claims = {claim["metadata"]["name"] for claim in workload["spec"]["volumeClaimTemplates"]}
    assert mounted == claims | {volume["name"] for volume in template["spec"]["volumes"]}


def test_the_manifest_is_valid() -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="schemas of Kubernetes are installed with the extra `dev`"
    )
    for document in yaml.safe_load_all(MANIFEST.read_text()):
        validate.validate(document, validate.latest_version(), strict=True)


def test_the_health_check(tmp_path: Path) -> None:
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(tmp_path / "home")}

    def check() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, str(PACKAGING / "docker" / "health.py")]
        return subprocess.run(words, env=variables, capture_output=True, text=True, timeout=30, check=False)

    with running_server(tmp_path / "home"):
        done = check()
        assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    done = check()
    assert done.returncode == 1 and "no local server runs" in done.stderr

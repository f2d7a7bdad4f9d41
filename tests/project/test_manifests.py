"""Compose, Kubernetes and KubeRay take our files, every container runs without rights, and commands are ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tagger.cli import main
from tagger.config.settings import fields, variable_of

kubernetes_validate = pytest.importorskip("kubernetes_validate")
yaml = pytest.importorskip("yaml")

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
COMPOSE = Path(sys.executable).with_name("docker-compose")
KUBERNETES_VERSIONS = ("1.30", kubernetes_validate.latest_version())

# Fields of a RayJob, from https://ray-project.github.io/kuberay/reference/api
RAY_JOB = {"entrypoint", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "backoffLimit", "rayClusterSpec"}
RAY_CLUSTER = {"rayVersion", "headGroupSpec", "workerGroupSpecs"}
RAY_GROUP = {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}

needs_compose = pytest.mark.skipif(not COMPOSE.exists(), reason="there is no Docker Compose for this machine")
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl here")


def composed(*files: str) -> dict[str, Any]:
    """The services, as Docker Compose understands them."""
    options = [part for file in files for part in ("--file", str(DEPLOY / file))]
    environment = os.environ | {"PHOTOS": "/srv/photos", "POSTGRES_PASSWORD": "drawn"}
    command = [str(COMPOSE), *options, "config", "--format", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def manifests() -> Iterator[dict[str, Any]]:
    for name in documents(KUBERNETES / "kustomization.yaml")[0]["resources"]:
        yield from documents(KUBERNETES / name)


def pod_specs(value: object) -> Iterator[dict[str, Any]]:
    """Every pod specification in a manifest, however deep."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        for inner in value.values():
            yield from pod_specs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pod_specs(inner)


PODS = [pytest.param(pod, id=manifest["metadata"]["name"]) for manifest in manifests() for pod in pod_specs(manifest)]
SETTINGS = {*map(variable_of, fields()), "TAGGER_CONFIG"}


@needs_compose
@pytest.mark.parametrize("files", [("compose.yaml",), ("compose.yaml", "compose.postgres.yaml")])
def test_every_container_of_ours_runs_without_rights_and_reads_photos_only(files: tuple[str, ...]) -> None:
    ours = [service for service in composed(*files).values() if service["image"].startswith("landmark-tagger")]
    for service in ours:
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert [volume.get("read_only") for volume in service["volumes"] if volume["target"] == "/photos"] == [True]
        assert service["command"][0] in main.commands


@needs_compose
def test_whatever_uses_postgresql_waits_for_it_and_agrees_on_the_password() -> None:
    services = composed("compose.yaml", "compose.postgres.yaml")
    database = services.pop("postgres")
    assert set(services) == {"tagger", "worker"}
    for service in services.values():
        url = service["environment"]["TAGGER_DB_URL"]
        owner = database["environment"]
        assert url == f"postgresql://{owner['POSTGRES_USER']}:{owner['POSTGRES_PASSWORD']}@postgres/tagger"
        assert service["depends_on"]["postgres"]["condition"] == "service_healthy"


@needs_compose
def test_any_number_of_workers_may_start() -> None:
    worker = composed("compose.yaml", "compose.postgres.yaml")["worker"]
    assert not worker.keys() & {"ports", "container_name", "secrets"}


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("manifest", [pytest.param(each, id=each["metadata"]["name"]) for each in manifests()])
def test_kubernetes_knows_every_field(manifest: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


@needs_kubectl
def test_kustomize_builds_all_of_it() -> None:
    built = subprocess.run(["kubectl", "kustomize", str(KUBERNETES)], capture_output=True, text=True, check=True).stdout
    kinds = [manifest["kind"] for manifest in yaml.safe_load_all(built)]
    assert sorted(kinds) == sorted([*(manifest["kind"] for manifest in manifests()), "ConfigMap"])
    assert "StatefulSet" not in kinds
    for manifest in yaml.safe_load_all(built):
        kubernetes_validate.validate(manifest, KUBERNETES_VERSIONS[-1], strict=True)


@pytest.mark.parametrize("pod", PODS)
def test_every_pod_runs_without_rights_and_reads_photos_only(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        rights = container["securityContext"]
        assert (rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"]) == (False, True)
        assert rights["capabilities"] == {"drop": ["ALL"]}
        assert container["args"][0] in main.commands
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        assert mounts["photos"]["readOnly"] is True
        assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}


@pytest.mark.parametrize("file", sorted(KUBERNETES.glob("*.yaml")), ids=lambda file: file.name)
def test_every_variable_of_kubernetes_is_a_setting(file: Path) -> None:
    assert set(re.findall(r"\bTAGGER_\w+", file.read_text())) <= SETTINGS


def test_a_job_of_ray_has_kuberay_s_fields_and_sound_pods() -> None:
    (job,) = documents(KUBERNETES / "rayjob.yaml")
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    assert set(job["spec"]) <= RAY_JOB
    assert set(cluster) <= RAY_CLUSTER
    assert {name for group in groups for name in group} <= RAY_GROUP
    for group in groups:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ray"}, "spec": group["template"]["spec"]}
        kubernetes_validate.validate(pod, KUBERNETES_VERSIONS[-1], strict=True)
    assert job["spec"]["entrypoint"].split()[1] in main.commands

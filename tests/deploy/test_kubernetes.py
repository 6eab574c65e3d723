"""The manifests for Kubernetes are valid, and fit the product: its processes, settings, rights and stop times."""

import re
import shutil
import subprocess

import kubernetes_validate
import pytest

from chatproj import environment
from tests.deploy.manifests import (
    FOLDER,
    KUSTOMIZATION,
    MANIFESTS,
    OURS,
    ROOT,
    WORKLOADS,
    container_of,
    find,
    pod_of,
    read_manifests,
    read_variables,
)
from tests.deploy.processes import STOP_SECONDS, commands_of_the_procfile

pytestmark = pytest.mark.no_database

# The oldest version of Kubernetes that docs/deploying.md promises, and the newest one with a schema.
VERSIONS = ("1.27.0", "1.37.0")
KUBECTL = shutil.which("kubectl")
# Only Valkey reads these variables.
OTHER_VARIABLES = {"REDIS_PASSWORD"}


def check(manifests):
    """Raise an error if a manifest is not valid. `strict` refuses unknown fields."""
    for manifest in manifests:
        for version in VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_every_manifest_is_valid_and_listed():
    check(MANIFESTS)
    assert {path.name for path in FOLDER.glob("*.yaml")} == {*KUSTOMIZATION["resources"], "kustomization.yaml"}


@pytest.mark.parametrize(
    "old, new",
    [
        ("replicas: 2", "replicas: two"),
        ("minReadySeconds", "minimumReadySeconds"),
        ("periodSeconds: 2", "periodSeconds: 2s"),
        ("runAsNonRoot: true", "runAsNonRoot: please"),
        ("containers:", "container:"),
        ("kind: Service", "kind: Servant"),
    ],
)
def test_an_invalid_manifest_is_refused(old, new):
    text = (FOLDER / "interface.yaml").read_text()
    assert old in text
    with pytest.raises((kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError)):
        check(read_manifests(text.replace(old, new)))


def test_each_process_of_the_procfile_is_a_workload_with_the_same_command():
    wanted = {kind: arguments for kind, arguments in commands_of_the_procfile().items() if kind != "web"}
    found = {name: container_of(name).get("command", [])[2:] for name in OURS}
    # The image starts an interface.
    assert found.pop("interface") == [] and found == wanted
    assert {container["image"] for name in OURS for container in pod_of(name)["containers"]} == {"chat"}
    assert [image["name"] for image in KUSTOMIZATION["images"]] == ["chat"]


def test_every_long_running_process_has_time_to_stop():
    for name in set(OURS) - {"release"}:
        container, seconds = container_of(name), pod_of(name)["terminationGracePeriodSeconds"]
        before = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
        command = (container.get("command") or ["python", "manage.py", "interface"])[2]
        assert seconds >= int(before[1]) + STOP_SECONDS[command] + 5, name


def test_every_variable_is_a_setting_and_no_secret_is_written_down():
    settings, secrets = read_variables("settings.env"), read_variables("secrets.example.env")
    own = {pair["name"]: pair.get("value") for name in OURS for pair in container_of(name).get("env", [])}
    assert {*settings, *secrets, *own} - OTHER_VARIABLES <= set(environment.SETTINGS)
    for name in {*settings, *own} - OTHER_VARIABLES:
        environment.read(name, {**settings, **own})
    is_secret = {name for name, setting in environment.SETTINGS.items() if setting.is_secret}
    assert not is_secret & {*settings, *own} and set(secrets) - OTHER_VARIABLES <= is_secret
    assert secrets["SECRET_KEY"] == secrets["REDIS_PASSWORD"] == ""
    assert "/deploy/kubernetes/secrets.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_names_of_services_cannot_become_settings():
    """A service `metrics` would give each pod METRICS_PORT=tcp://..., which is no port."""
    assert all(pod_of(name)["enableServiceLinks"] is False for name in WORKLOADS)


def test_every_pod_gets_the_settings_that_kustomize_makes():
    generated = [KUSTOMIZATION[key][0]["name"] for key in ("configMapGenerator", "secretGenerator")]
    assert generated == ["settings", "secrets"]
    for name in OURS:
        for container in pod_of(name)["containers"] + pod_of(name).get("initContainers", []):
            sources = [next(iter(source.values()))["name"] for source in container["envFrom"]]
            assert sources == generated, name
    (password,) = container_of("valkey")["env"]
    reference = password["valueFrom"]["secretKeyRef"]
    assert reference["name"] == "secrets" and reference["key"] in read_variables("secrets.example.env")


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_pod_is_without_rights_and_has_a_read_only_root(name):
    pod = pod_of(name)
    security = pod["securityContext"]
    assert pod["automountServiceAccountToken"] is False
    assert security["runAsNonRoot"] and security["seccompProfile"] == {"type": "RuntimeDefault"}
    if name in OURS:
        user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
        assert [str(security[key]) for key in ("runAsUser", "runAsGroup")] == list(user.groups())
    for container in pod["containers"] + pod.get("initContainers", []):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"].keys() == {"memory"}
    level = find("Namespace")["chat"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert level == "restricted"


def test_every_long_running_process_has_probes():
    """A process without HTTP touches a file while it works. Kubernetes restarts the process if the file is old."""
    for name in set(OURS) - {"release", "interface"}:
        container = container_of(name)
        (variable,) = (pair["value"] for pair in container["env"] if pair["name"] == "ALIVE_FILE")
        assert any(variable.startswith(mount["mountPath"]) for mount in container["volumeMounts"])
        for probe in ("startupProbe", "livenessProbe"):
            command = container[probe]["exec"]["command"]
            assert command[:3] == ["python", "-m", "chatproj.is_healthy"] and int(command[3]) >= 120
    interface = container_of("interface")
    paths = [interface[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")]
    # An outage of the workers must not take every running interface out of service.
    assert paths == ["/readyz", "/healthz", "/healthz"]


def test_an_update_stops_no_pod_before_its_replacement_runs():
    for name, deployment in find("Deployment").items():
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}, name
    interfaces = find("Deployment")["interface"]["spec"]["replicas"]
    autoscaler = find("HorizontalPodAutoscaler")["worker"]["spec"]
    assert interfaces >= 2 and autoscaler["minReplicas"] >= 2
    # A number of replicas would undo what the autoscaler has decided, at each `kubectl apply`.
    assert "replicas" not in find(autoscaler["scaleTargetRef"]["kind"])["worker"]["spec"]
    # With a budget for the only pod of a workload, nobody could drain its node.
    assert set(find("PodDisruptionBudget")) == {"interface", "worker"}


def test_valkey_has_the_settings_that_the_site_needs():
    arguments = container_of("valkey")["args"]
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert options["--maxmemory-policy"] == "noeviction" and options["--save"] == "" and options["--appendonly"] == "no"
    limit = int(container_of("valkey")["resources"]["limits"]["memory"].removesuffix("Mi"))
    assert int(options["--maxmemory"].removesuffix("mb")) == limit * 3 / 4


def test_the_documentation_names_only_manifests_and_files_that_exist():
    page = (ROOT / "docs" / "deploying.md").read_text()
    section = page[page.index("## Kubernetes\n") : page.index("## Heroku\n")]
    assert set(re.findall(r"deployment/(\w+)", section)) <= set(find("Deployment"))
    assert "delete job release" in section and set(find("Job")) == {"release"}
    assert f"Kubernetes {VERSIONS[0].removesuffix('.0')} or later" in section
    files = set(re.findall(r"`(\w+\.(?:yaml|env))`", section)) - {"secrets.env"}
    assert files and all((FOLDER / name).exists() for name in files)
    assert {*KUSTOMIZATION["resources"], "settings.env"} - files == {"namespace.yaml"}


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")
def test_kustomize_builds_the_site(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "kubernetes")
    shutil.copy(folder / "secrets.example.env", folder / "secrets.env")
    built = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
    manifests = read_manifests(built.stdout)
    check(manifests)
    assert len(manifests) == len(MANIFESTS) + 2
    assert all(each["metadata"].get("namespace", "chat") == "chat" for each in manifests)
    made = {each["metadata"]["name"] for each in manifests if each["kind"] in ("ConfigMap", "Secret")}
    used = re.findall(r"name: ((?:settings|secrets)\b\S*)", built.stdout)
    assert len(made) == 2 and set(used) == made
    (image,) = KUSTOMIZATION["images"]
    assert f"image: {image['newName']}:{image['newTag']}\n" in built.stdout and "image: chat\n" not in built.stdout

"""Functions that read the manifests for Kubernetes, and that find their workloads, containers and variables."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())


def read_manifests(text):
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def read_variables(name):
    """Return {name: value} of a file with variables, including variables that are commented out."""
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", (FOLDER / name).read_text(), flags=re.MULTILINE))


MANIFESTS = [
    manifest for name in KUSTOMIZATION["resources"] for manifest in read_manifests((FOLDER / name).read_text())
]


def find(kind):
    """Return {name: manifest} of one kind."""
    return {each["metadata"]["name"]: each for each in MANIFESTS if each["kind"] == kind}


# WORKLOADS are the manifests that run pods. OURS are the workloads that run a process of the site.
WORKLOADS = {**find("Deployment"), **find("StatefulSet"), **find("Job")}
OURS = {name: manifest for name, manifest in WORKLOADS.items() if name != "valkey"}


def pod_of(name):
    return WORKLOADS[name]["spec"]["template"]["spec"]


def container_of(name):
    (container,) = pod_of(name)["containers"]
    return container


def labels_of(name):
    return WORKLOADS[name]["spec"]["template"]["metadata"]["labels"]


def matches(selector, labels):
    """Return whether a selector of pods selects these labels."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(
        rule["operator"] == "In" and labels.get(rule["key"]) in rule["values"]
        for rule in selector.get("matchExpressions", [])
    )

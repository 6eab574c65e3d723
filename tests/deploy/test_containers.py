"""The Dockerfile and compose.yaml are valid, and fit the product: processes, settings, and enough time to stop."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from chatproj import environment
from tests.deploy.processes import STOP_SECONDS, commands_of_the_procfile

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
# Variables for Caddy, PostgreSQL, Valkey and Docker Compose itself.
OTHER_VARIABLES = {"CHAT_HOST", "CHAT_VERSION", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "REDIS_MEMORY"}


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def find_errors(text):
    """Return what the Compose Specification refuses in a file: [(path, message)]."""
    schema = json.loads((ROOT / "tests" / "deploy" / "schemas" / "compose-spec.json").read_text())
    found = jsonschema.Draft7Validator(schema).iter_errors(yaml.safe_load(text))
    return [(".".join(map(str, error.absolute_path)), error.message) for error in found]


def test_compose_accepts_the_file():
    assert find_errors((ROOT / "compose.yaml").read_text()) == []


@pytest.mark.parametrize(
    "old, new, path",
    [
        ("stop_grace_period: 30s", "stop_grace_time: 30s", "services.worker"),
        ("condition: service_healthy", "condition: healthy", "services.worker.depends_on"),
        ("restart: unless-stopped", "restart: [always]", "services.proxy.restart"),
        ("networks: [inside, outside]", "networks: 2", "services.proxy.networks"),
        ("internal: true", "internal: {}", "networks.inside.internal"),
    ],
)
def test_a_wrong_compose_file_is_noticed(old, new, path):
    text = (ROOT / "compose.yaml").read_text()
    assert old in text
    assert path in dict(find_errors(text.replace(old, new)))


def test_the_networks_services_and_volumes_that_a_service_names_exist(services):
    whole = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for name, service in services.items():
        assert set(service["networks"]) <= set(whole["networks"]), name
        assert set(service.get("depends_on", [])) <= set(services), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in whole["volumes"], volume


def test_each_process_of_the_procfile_is_a_service_with_the_same_command(services):
    ours = [service["command"][2:] for service in services.values() if "manage.py" in service.get("command", [])]
    wanted = [arguments for arguments in commands_of_the_procfile().values() if arguments[0] != "interface"]
    assert sorted(ours) == sorted(wanted)
    interfaces = [service for name, service in services.items() if name.startswith("interface-")]
    assert len(interfaces) == 2 and all("command" not in service for service in interfaces)
    assert "manage.py interface" in (ROOT / "Dockerfile").read_text().splitlines()[-1]


def test_every_long_running_process_has_time_to_stop(services):
    for service in services.values():
        words = service.get("command", ["python", "manage.py", "interface"])
        if words[1:2] == ["manage.py"] and words[2] in STOP_SECONDS and "build" in service:
            assert int(service["stop_grace_period"].rstrip("s")) > STOP_SECONDS[words[2]], words


def test_every_long_running_process_has_a_health_check(services):
    for name, service in services.items():
        if "build" in service and name != "release":
            command = service["healthcheck"]["test"]
            assert command[:4] == ["CMD", "python", "-m", "chatproj.is_healthy"], name
            # Only an interface answers HTTP.
            assert ("ALIVE_FILE" in service["environment"]) == (len(command) == 5) == ("command" in service), name


def test_every_variable_is_a_setting(services):
    names = set(services["worker"]["environment"])
    assert names <= set(environment.SETTINGS)
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    assert used <= set(environment.SETTINGS) | OTHER_VARIABLES
    example = (ROOT / "deploy" / "docker" / "env.example").read_text()
    given = set(re.findall(r"^#?([A-Z_]+)=", example, flags=re.MULTILINE))
    required = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text()))
    assert required <= given <= used


def test_every_process_is_without_rights_and_has_a_read_only_root(services):
    for name, service in services.items():
        if "build" in service:
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
    assert re.search(r"^USER \d+:\d+$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)


def test_the_processes_that_read_and_write_files_share_a_volume_of_their_user(services):
    for name, service in services.items():
        if "build" in service:
            place = service["environment"]["CHAT_FILES"]
            assert service["volumes"] == [f"files:{place}"], name
    assert f"--owner=10001 --group=10001 --mode=700 {place}\n" in (ROOT / "Dockerfile").read_text()


def test_only_the_proxy_is_published_and_no_secret_is_written_down(services):
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    text = (ROOT / "compose.yaml").read_text()
    assert re.findall(r"(?:PASSWORD|SECRET_KEY|AUTH)[\w\"]*: (?!\$\{)", text) == []


def test_the_linter_of_dockerfiles_finds_nothing():
    program = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([program, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (found.stdout, found.returncode) == ("", 0)


def test_the_image_has_what_the_product_needs_and_nothing_else():
    """The ignore file lets through what the Dockerfile copies, and the Dockerfile copies every package."""
    copied = set()
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(line.split()[1:-1])
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert copied == allowed and "*" in lines
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages | {"templates", "manage.py", "requirements.txt"} <= copied

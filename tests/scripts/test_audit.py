"""bin/audit: which advisories it finds, and what it says. A server of the test answers as osv.dev does."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.names_in_code import ROOT

PYTHON = ROOT / ".venv-audit" / "bin" / "python"
pytestmark = [
    pytest.mark.no_database,
    pytest.mark.process,
    pytest.mark.skipif(not PYTHON.exists(), reason="needs the tools of bin/audit: run it once"),
]


def make_advisory(alias, package, version):
    affected = {"package": {"name": package, "ecosystem": "PyPI"}, "versions": [version]}
    fixed = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}
    return {
        "id": f"PYSEC-2099-{package}",
        "aliases": [alias],
        "details": f"A fault of {package}.",
        "published": "2099-01-01T00:00:00Z",
        "modified": "2099-01-01T00:00:00Z",
        "affected": [{**affected, "ranges": [fixed]}],
    }


@pytest.fixture
def audit():
    """Yield a function that runs the comparison against a server with these advisories: {package: alias}."""
    advisories = {}

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = asked["package"]["name"].lower(), asked["version"]
            found = [make_advisory(advisories[name], name, version)] if name in advisories else []
            body = json.dumps({"vulns": found}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(**known):
        advisories.update(known)
        url = f"http://127.0.0.1:{server.server_port}/v1/query"
        return subprocess.run(
            [PYTHON, ROOT / "bin" / "compare_advisories.py"], env={"OSV_URL": url}, capture_output=True, text=True
        )

    yield run
    server.shutdown()
    server.server_close()


def test_an_advisory_without_a_row_in_security_md_fails_the_audit_and_is_printed(audit):
    ended = audit(django="CVE-2025-64459", six="CVE-2099-1")
    assert ended.returncode == 1, ended.stderr
    assert "six 1.17.0: PYSEC-2099-six, CVE-2099-1, fixed in 99\n    A fault of six." in ended.stdout
    assert "64459" not in ended.stdout


def test_advisories_that_security_md_names_pass(audit):
    ended = audit(django="CVE-2025-64459")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "1 advisories of osv concern the locked packages; 1 are in SECURITY.md.\n"


def test_a_service_without_any_advisory_counts_as_unreachable(audit):
    ended = audit()
    assert ended.returncode == 0
    assert ended.stdout == "The advisories cannot be reached from here, so nothing was compared.\n"


def test_the_bill_of_materials_lists_a_locked_package(tmp_path):
    tools = ROOT / ".venv-audit" / "bin"
    file = tmp_path / "bom.json"
    subprocess.run([tools / "cyclonedx-py", "requirements", ROOT / "requirements.txt", "-o", file], check=True)
    bill = json.loads(file.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert ("django", "2.2.28") in {(part["name"], part["version"]) for part in bill["components"]}

"""
The Autobahn test suite: 247 cases of RFC 6455 against a bare site that sends each message back.

The suite runs on Python 2.7 only. `bin/autobahn` installs it and runs this test. `test_websocket_cases.py` has cases of
each section, and runs everywhere.
"""

import json
import os
import subprocess

import pytest

from tests.live.processes import ROOT, die_with_the_tests

WSTEST = ROOT / ".venv-autobahn" / "start" / "wstest"
# Section 9 measures speed with messages above the limit. Sections 12 and 13 need compression, which is not offered.
SECTIONS = (1, 2, 3, 4, 5, 6, 7, 10)
CASES = 247
SUITE_SECONDS = 240
PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}
# In these cases, valid messages and an invalid frame arrive together. The interface closes at once, before a worker has
# answered the valid messages. The workers still get these messages.
NOT_STRICT = {"3.2", "3.3", "3.4", "4.1.3", "4.1.4", "4.1.5", "4.2.3", "4.2.4", "4.2.5", "5.15"}
CLOSED = {"OK", "INFORMATIONAL"}

pytestmark = [
    pytest.mark.no_database,
    pytest.mark.timeout(SUITE_SECONDS + 60),
    pytest.mark.skipif(
        not os.access(WSTEST, os.X_OK),
        reason="The Autobahn test suite is not installed. Run bin/autobahn, which needs Python 2.7.",
    ),
]


def run_suite(url, folder):
    """Run the suite against a server that sends each message back. Return {case: result}."""
    server = {"agent": "interface", "url": url}
    cases = [f"{section}.*" for section in SECTIONS]
    specification = {"outdir": str(folder), "servers": [server], "cases": cases, "exclude-cases": []}
    path = folder / "specification.json"
    path.write_text(json.dumps(specification))
    subprocess.run(
        [WSTEST, "-m", "fuzzingclient", "-s", path],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=SUITE_SECONDS,
        preexec_fn=die_with_the_tests,
    )
    return json.loads((folder / "index.json").read_text())["interface"]


def test_every_case_of_the_autobahn_suite_passes(lasting_site, tmp_path):
    results = run_suite(f"{lasting_site.url.replace('http', 'ws')}/back", tmp_path)
    bad = {
        case: (result["behavior"], result["behaviorClose"])
        for case, result in results.items()
        if result["behavior"] not in PASSED or result["behaviorClose"] not in CLOSED
    }
    not_strict = {case for case, result in results.items() if result["behavior"] == "NON-STRICT"}
    assert not bad
    assert not_strict <= NOT_STRICT
    assert len(results) == CASES

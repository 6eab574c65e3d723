"""The site starts as Heroku starts it, with a Redis whose certificate is self-signed, and keeps Heroku's limits."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings
from django.core.management.base import CommandParser

from channels_transport.management import interface_options
from chatproj import environment
from chatproj.serve import procfile
from chatproj.setting_values import without_verification
from tests.deploy.processes import STOP_SECONDS
from tests.live.processes import START_SECONDS, Site, answers, end_together, wait_until
from tests.tls import Authority, tls_proxy

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
APP = json.loads((ROOT / "app.json").read_text())
# https://devcenter.heroku.com/articles/limits: the router's limits for a first byte and for silence, and the time after
# which Heroku kills a process that must stop.
FIRST_BYTE_SECONDS, SILENCE_SECONDS, HEROKU_STOP_SECONDS = 30, 55, 30


def test_each_variable_is_a_setting_with_a_value_that_it_accepts():
    for name, row in APP["env"].items():
        assert environment.SETTINGS[name].read({name: row.get("value", "https://chat.example.com")}) is not None
    assert APP["env"]["TRUSTED_PROXIES"]["value"] == "1" and APP["env"]["REDIS_TLS_VERIFY"]["value"] == "off"


def test_the_formation_contains_each_process_type():
    types = {kind.name for kind in procfile.parse((ROOT / "Procfile").read_text())} - {"release"}
    assert set(APP["formation"]) == types


def test_the_version_of_python_is_supported_and_named_as_heroku_expects():
    version = (ROOT / ".python-version").read_text()
    assert re.fullmatch(r"3\.1[123]\n", version)


def test_responses_pings_and_stops_keep_the_limits_of_heroku():
    parser = CommandParser()
    interface_options.add_arguments(parser)
    arguments = read_command("web").replace("${HOST:-0.0.0.0}", "::").replace("${PORT:-8000}", "8000").split()
    options = parser.parse_args(arguments[3:])
    assert settings.CHAT_POLL_SECONDS < options.http_timeout < FIRST_BYTE_SECONDS
    assert options.ping_interval < SILENCE_SECONDS
    assert max(STOP_SECONDS.values()) < HEROKU_STOP_SECONDS


@pytest.mark.live
@pytest.mark.process
def test_the_site_starts_with_herokus_variables_and_a_self_signed_redis(tmp_path):
    site = Site(workers=0, PUBLIC_URL="https://chat.example.com", TRUSTED_PROXIES="1", DYNO="web.1")
    certificate = Authority(tmp_path, "unknown").make_server("elsewhere.example.com")
    site.valkey.start()
    try:
        with tls_proxy(certificate, urlsplit(site.redis_url).port) as port:
            variables = {"REDIS_URL": f"rediss://127.0.0.1:{port}", "PORT": str(site.port)}
            for kind in ("web", "worker"):
                part = site.make_part(kind, "")
                part.command = ["sh", "-c", f"exec {read_command(kind)}".replace("python", sys.executable, 1)]
                part.environment = {**site.environment, **variables, "HOST": "", "REDIS_TLS_VERIFY": "on"}
                refused = subprocess.run(part.command, cwd=ROOT, env=part.environment, capture_output=True, text=True)
                assert refused.returncode == 1 and "is not valid" in refused.stderr
                part.environment["REDIS_TLS_VERIFY"] = "off"
                site.workers.append(part.start())
            wait_until(lambda: answers(f"{site.url}/readyz"), START_SECONDS, "/readyz")
            headers = {"Host": "chat.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
            page = requests.get(f"{site.url}/sign-in/", headers=headers, timeout=30)
            assert page.status_code == 200 and "; Secure" in page.headers["Set-Cookie"]
            assert end_together(site.workers)[0] == [0, 0]
    finally:
        site.stop()


def read_command(kind):
    types = procfile.parse((ROOT / "Procfile").read_text())
    return next(process.command for process in types if process.name == kind)


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ("rediss://:p@h:1", "rediss://:p@h:1?ssl_cert_reqs=none"),
        ("rediss://:p@h:1/0?prefix=a:", "rediss://:p@h:1/0?prefix=a:&ssl_cert_reqs=none"),
        ("rediss://h?ssl_cert_reqs=required", "rediss://h?ssl_cert_reqs=required"),
        ("redis://h, rediss+sentinel://a,b/s", "redis://h,rediss+sentinel://a,b/s?ssl_cert_reqs=none"),
    ],
)
def test_the_verification_is_switched_off_only_for_tls(urls, expected):
    assert without_verification(urls) == expected

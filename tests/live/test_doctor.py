"""The doctor examines a real site with many mistakes, and finds each mistake within 40 s."""

import json
import subprocess
import sys
import time

import pytest
import requests

from channels_transport.reports import REPORT_SECONDS
from tests.live.processes import ROOT, Part, Site, free_port

pytestmark = [pytest.mark.no_database, pytest.mark.process, pytest.mark.live]
ADDRESS = {"X-Forwarded-For": "192.0.2.7"}
EVICTION = ("--maxmemory", "200mb", "--maxmemory-policy", "allkeys-lru")


class MistakenSite(Site):
    """
    A site behind a proxy that it does not know, with a second worker that has other settings.

    A second interface may open few files. There is no monitor and no delay server. Redis evicts keys.
    """

    def __init__(self):
        super().__init__(
            workers=1,
            redis_options=EVICTION,
            PUBLIC_URL="http://chat.invalid",
            ALLOWED_HOSTS="chat.invalid,127.0.0.1",
            EMAIL_URL="smtp://chat:hunter2@mail.invalid:25?tls=none",
            CHAT_LIMITS="off",
            CHAT_WORKER="3",
        )
        other = {**self.environment, "SECRET_KEY": "another", "TRUSTED_PROXIES": "1"}
        self.others = [
            Part("other", [sys.executable, "manage.py", "runworker"], other, self.folder),
            self.make_limited_part("limited", f"{sys.executable} manage.py interface --port {free_port()}"),
        ]

    def make_limited_part(self, name, command):
        return Part(name, ["bash", "-c", f"ulimit -n 1000; exec {command}"], self.environment, self.folder)

    @property
    def parts(self):
        return [*super().parts, *self.others]

    def examine(self):
        """Return {part: the sentences about its problems}, and how many seconds the doctor needed."""
        command = [sys.executable, "manage.py", "doctor", "--json", "--url", self.url]
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=100)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert "hunter2" not in done.stdout + done.stderr
        found = {}
        for one in json.loads(done.stdout)["parts"]:
            if not one["well"]:
                found.setdefault(one["part"], []).append(one["text"])
        return found, time.monotonic() - began


@pytest.fixture(scope="module")
def examined():
    """Yield the result of `examine`, after some people have used the site through a proxy."""
    site = MistakenSite()
    (site.folder / "last-backup").write_text("2020-01-01T00:00:00+00:00")
    site.start()
    for _ in range(25):
        requests.get(f"{site.url}/sign-in/", headers=ADDRESS, timeout=20)
    worker, interface = site.others
    worker.wait_until_logged("Listening on channels")
    interface.wait_until_logged("Listening on endpoint")
    time.sleep(REPORT_SECONDS + 1)  # until the counts of the requests are in a report
    yield site.examine()
    site.stop()


@pytest.mark.parametrize(
    "part, text",
    [
        ("processes", "has another value of SECRET_KEY than"),
        ("processes", "has TRUSTED_PROXIES 1, and"),
        ("processes", "may open 1000 files"),
        ("processes", "have X-Forwarded-For, but TRUSTED_PROXIES is 0"),
        ("redis", "evicts messages when its memory is full (allkeys-lru)"),
        ("workers", "start `manage.py rundelay`"),
        ("monitor", "start `manage.py monitor`"),
        ("limits", "CHAT_LIMITS is off"),
        ("mail", "The mail server cannot be used (gaierror)"),
        ("backups", "days old: look at the log of the timer"),
        ("static files", "There are no static files"),
        ("public url", "has no address: correct PUBLIC_URL"),
        ("deployment", "CHAT_WORKER is set, but there is no such setting. Is CHAT_WORKERS meant?"),
        ("deployment", "EMAIL_URL sends the password and the mails without TLS"),
        ("deployment", "SECRET_KEY is short or simple, so it can be guessed"),
    ],
)
def test_the_doctor_finds_each_mistake(examined, part, text):
    found, _ = examined
    assert [sentence for sentence in found.get(part, []) if text in sentence], found


def test_the_parts_that_work_have_no_problem_and_the_time_is_bounded(examined):
    found, seconds = examined
    assert not {"interface", "round trip", "database", "migrations", "queues", "losses", "openid"} & set(found), found
    assert seconds < 40

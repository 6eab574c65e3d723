"""The doctor runs its own checks and the site's checks, and the command prints the findings."""

import json
import os
import subprocess
import sys
import time

import pytest
import redis
from django.core.management import call_command
from django.db import OperationalError

from channels_transport.doctor.configuration import check_settings, load_site_checks, report_memory_layer
from channels_transport.doctor.findings import Finding, run_checks
from tests.channels_transport.doctor.checking import checked_text
from tests.helpers import fail_with

FOREIGN_SITE = "tests.channels_transport.site.settings"


def test_checks_end_in_time_and_raise_nothing():
    checks = [
        ("slow", lambda: time.sleep(60)),
        ("redis", fail_with(redis.TimeoutError())),
        ("rows", fail_with(OperationalError())),
        ("bug", fail_with(ZeroDivisionError("by zero"))),
        ("fine", lambda: [Finding.ok("fine", "Yes.")]),
    ]
    found = {finding.part: finding for finding in run_checks(checks, 0.5)}
    assert list(found) == ["slow", "redis", "rows", "bug", "fine"]
    assert "within 0.5 s" in found["slow"].text and "Redis" in found["redis"].text
    assert "database" in found["rows"].text and "by zero" in found["bug"].text and found["fine"].is_well


@pytest.mark.parametrize("is_well", [True, False])
def test_the_command_prints_one_line_per_finding_and_exits_with_0_or_1(monkeypatch, capsys, is_well):
    found = [Finding("redis", True, "Fine."), Finding("workers", is_well, "None listens.")]
    monkeypatch.setattr("channels_transport.management.commands.doctor.examine", lambda url: found)

    def run(*arguments):
        if is_well:
            call_command("doctor", *arguments)
            return
        with pytest.raises(SystemExit) as end:
            call_command("doctor", *arguments)
        assert end.value.code == 1

    run()
    mark = "ok" if is_well else "PROBLEM"
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["ok", mark]
    run("--json", "--url", "http://x")
    printed = json.loads(capsys.readouterr().out)
    assert (printed["well"], printed["url"], printed["parts"][1]["part"]) == (is_well, "http://x", "workers")


def test_dangerous_settings_are_named(settings):
    assert checked_text(check_settings(), is_well=True)
    settings.DEBUG, settings.PUBLIC_URL, settings.ALLOWED_HOSTS = True, "https://chat.example", ["*"]
    text = checked_text(check_settings())
    assert "DEBUG" in text and "ALLOWED_HOSTS" in text


def test_without_redis_only_a_site_with_debug_is_well(settings):
    settings.DEBUG = True
    assert report_memory_layer()[0].is_well
    settings.DEBUG = False
    assert not report_memory_layer()[0].is_well


def check_soup():
    """Report a problem of a site's own part."""
    return [Finding.problem("soup", "It is cold: warm it.")]


def test_a_site_adds_checks_of_its_own(settings):
    settings.DOCTOR_CHECKS = [f"{__name__}.check_soup", f"{__name__}.check_nothing", "no.such_module.check_a_b"]
    found = run_checks(load_site_checks(), 5)
    assert [finding.part for finding in found] == ["soup", "nothing", "a b"]
    assert found[0].text == "It is cold: warm it."
    assert "check_nothing" in found[1].text and "No module named 'no'" in found[2].text


@pytest.mark.process
def test_the_doctor_examines_a_site_that_has_no_chat_and_no_settings_for_the_doctor(valkey_url):
    command = [sys.executable, "-m", "django", "doctor", "--json", "--url", "http://127.0.0.1:1"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": FOREIGN_SITE, "REDIS_URL": valkey_url, "SECRET_KEY": "x"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr, done.stderr
    problems = [f"{one['part']}: {one['text']}" for one in json.loads(done.stdout)["parts"] if not one["well"]]
    assert [problem.partition(":")[0] for problem in problems] == ["interface", "workers", "migrations"], problems
    assert "manage.py runworker" in problems[1] and "websocket.receive" in problems[1]

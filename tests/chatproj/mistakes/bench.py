"""Functions that make mistakes in the settings of the test's process, and return the sentences that report them."""

import dataclasses
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from channels_transport.redis_url import read_prefix, split_urls
from chatproj import checks as own_checks

ROOT = Path(__file__).resolve().parents[3]
KEY = {"SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"}
SITE = {**KEY, "PUBLIC_URL": "https://chat.example.com", "REDIS_URL": "redis://redis:6379/0"}
POSTGRES = {"DATABASE_URL": "postgres://chat@db/chat"}
START, DEPLOY, DOCTOR = "the start of each process", "`manage.py check --deploy`", "`manage.py doctor`"


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One row. `find` takes a `Bench`, makes the mistake, and returns the sentences that report it."""

    what: str
    found_by: str
    find: Callable
    says: str


class Bench:
    """
    The settings of this process, in which a test makes mistakes.

    The fixtures of pytest restore the settings after the test.
    """

    def __init__(self, monkeypatch, settings):
        self.patch, self.settings = monkeypatch, settings

    def read(self, **environment):
        """Return the settings of a process with these environment variables."""
        for name in list(own_checks.environment.SETTINGS):
            self.patch.delenv(name, raising=False)
        for name, value in environment.items():
            self.patch.setenv(name, value)
        return runpy.run_path(str(ROOT / "chatproj" / "settings.py"))

    def use(self, **environment):
        """Give this process the settings of a process with these environment variables."""
        for name, value in self.read(**environment).items():
            if name.isupper() and not name.startswith("_") and value != getattr(self.settings, name, None):
                setattr(self.settings, name, value)


def at_start(**environment):
    """Return a function that finds the error with which the start of a process with these variables fails."""

    def find(bench):
        with pytest.raises(ImproperlyConfigured) as error:
            found = bench.read(**environment)
            # The layer reads the parts of the URL when it is made.
            read_prefix(split_urls(found["REDIS_URL"] or ""))
        return [str(error.value)]

    return find


def at_deploy(**environment):
    """Return a function that finds the warnings of `manage.py check --deploy` about a site with these variables."""

    def find(bench):
        bench.use(**{**SITE, **environment})
        found = [*own_checks.check_names(), *own_checks.check_deployment()]
        found += checks.run_checks(tags=["security"], include_deployment_checks=True)
        return [f"{message.msg} {message.hint or ''}".strip() for message in found if not message.is_silenced()]

    return find


def in_file(name, value):
    """Return a function that finds the error about a setting in chatproj/settings.py."""

    def find(bench):
        bench.patch.setattr(bench.settings, name, value)
        return [f"{message.msg} {message.hint}" for message in own_checks.check_file_settings()]

    return find


def with_settings(check, **values):
    """Return a function that runs a check of the doctor with these settings."""

    def find(bench):
        for name, value in values.items():
            setattr(bench.settings, name, value)
        return texts(check())

    return find


def texts(findings):
    return [finding.text for finding in findings if not finding.is_well]

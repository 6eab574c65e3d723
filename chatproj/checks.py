"""
The system checks of the site's own settings. Every command that starts a process runs those that are no deploy checks.

`manage.py check --deploy` also runs `check_deployment`. No check connects to anything.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from chatproj import environment, listed_settings
from chatproj.file_settings import find_faults

# A search in a large room takes up to a second.
SHORT_STATEMENT_SECONDS = 2
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def check_names(**kwargs: Any) -> list[CheckMessage]:
    """Warn of each environment variable that looks like a misspelt setting."""
    return [
        CheckWarning(
            f"{name} is set, but there is no such setting.",
            hint=f"Is {meant} meant? `manage.py settings` lists all settings.",
            id="chatproj.W001",
        )
        for name, meant in listed_settings.find_misspelt().items()
    ]


def check_file_settings(**kwargs: Any) -> list[CheckMessage]:
    """Report each setting of chatproj/settings.py with a wrong value."""
    hint = "Correct it in chatproj/settings.py."
    return [Error(fault, hint=hint, id="chatproj.E001") for fault in find_faults(settings)]


def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    """Warn of settings that are right on a machine of a developer, but not on a public site."""
    checks = (_check_address, _check_limits, _check_redis, _check_metrics, _check_mail, _check_time_limits)
    return [
        CheckWarning(text, hint=hint, id=f"chatproj.{number}") for check in checks for number, text, hint in check()
    ]


def _check_address() -> Iterator[tuple[str, str, str]]:
    url = settings.PUBLIC_URL
    if not url:
        yield (
            "W002",
            "PUBLIC_URL is not set, so cookies have no flag Secure, and links in mails have the host of the request.",
            "Set PUBLIC_URL to the address that people type, such as https://chat.example.com.",
        )
    elif url.startswith("http://") and urlsplit(url).hostname not in THIS_MACHINE:
        yield (
            "W003",
            "PUBLIC_URL is an http address, so anybody on the network can read messages and passwords.",
            "Put a proxy with TLS in front of the site, and set PUBLIC_URL to its https address.",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield (
            "W004",
            "ALLOWED_HOSTS contains *, so requests with a forged host name are accepted.",
            "List the host names of the site, or unset ALLOWED_HOSTS: the host of PUBLIC_URL is allowed anyway.",
        )


def _check_limits() -> Iterator[tuple[str, str, str]]:
    if not settings.CHAT_LIMITS_ON:
        yield "W005", "CHAT_LIMITS is off, so any client can overload the site.", "Unset it, except for load tests."


def _check_redis() -> Iterator[tuple[str, str, str]]:
    if not settings.REDIS_URL:
        yield (
            "W006",
            "REDIS_URL is not set, so only `bin/serve` and `runserver` can run the site.",
            "Set REDIS_URL to a Redis of version 7 or later, for every process.",
        )


def _check_metrics() -> Iterator[tuple[str, str, str]]:
    private = settings.INTERFACE_PRIVATE
    if private and not settings.METRICS_TOKEN and "interface=127.0.0.1" not in private["endpoint"]:
        yield (
            "W007",
            "METRICS_PORT listens on an address of the network, and METRICS_TOKEN is not set, so everybody who reaches"
            " the port can read the metrics.",
            "Set METRICS_TOKEN, unless only the monitoring can reach the port.",
        )


def _check_mail() -> Iterator[tuple[str, str, str]]:
    server = settings.EMAIL_URL
    if server and server.tls == "none" and server.password and server.host not in THIS_MACHINE:
        yield (
            "W008",
            "EMAIL_URL sends the password and the mails without TLS (tls=none).",
            "Remove tls=none from EMAIL_URL, or write smtps://.",
        )


def _check_time_limits() -> Iterator[tuple[str, str, str]]:
    if "time_limits" not in settings.DATABASES["default"].get("OPTIONS", {}):
        return  # not PostgreSQL
    statement, task, lock = (environment.read(f"DATABASE_{name}_SECONDS") for name in ("STATEMENT", "TASK", "LOCK"))
    if 0 < statement < SHORT_STATEMENT_SECONDS:
        yield (
            "W009",
            f"DATABASE_STATEMENT_SECONDS is {statement:g}, so searches and long histories are cancelled.",
            f"Set it to {SHORT_STATEMENT_SECONDS} or more; the default is 15.",
        )
    if 0 < task < statement:
        yield (
            "W010",
            f"DATABASE_TASK_SECONDS ({task:g}) is less than DATABASE_STATEMENT_SECONDS ({statement:g}), so exports are"
            " cancelled earlier than requests.",
            "Raise DATABASE_TASK_SECONDS; the default is 300.",
        )
    if statement and lock >= statement:
        yield (
            "W011",
            f"DATABASE_LOCK_SECONDS ({lock:g}) is not less than DATABASE_STATEMENT_SECONDS ({statement:g}), so it"
            " has no effect.",
            "Lower DATABASE_LOCK_SECONDS; the default is 10.",
        )

"""Checks of the settings, and the checks that the site itself adds with `DOCTOR_CHECKS`."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from .findings import Check, Finding


def check_settings() -> list[Finding]:
    """Report settings that are dangerous on a public site."""
    is_public, problems = bool(getattr(settings, "PUBLIC_URL", None)), []
    if settings.DEBUG and is_public:
        problems.append("DEBUG is on at a public site, so error pages show source code to everyone: unset it.")
    if is_public and "*" in settings.ALLOWED_HOSTS:
        problems.append(
            "ALLOWED_HOSTS contains *, so requests with a forged host name are accepted: list the site's hosts."
        )
    if problems:
        return [Finding.problem("settings", problem) for problem in problems]
    return [Finding.ok("settings", "No dangerous setting was found.")]


def report_memory_layer() -> list[Finding]:
    """Return the finding that replaces all checks of Redis if the channel layer is in memory."""
    text = (
        "The channel layer is in memory: it works only within one `runserver`, and no other process sees its channels."
    )
    if settings.DEBUG:
        return [Finding.ok("redis", text)]
    return [
        Finding.problem(
            "redis",
            f"{text} If the site uses Redis, "
            "set REDIS_URL (or CHANNEL_LAYERS) for this command as for the processes of the site.",
        )
    ]


def load_site_checks() -> list[tuple[str, Check]]:
    """Return (name of the part, check) for each path in `DOCTOR_CHECKS`: `a.check_cache` checks the part `cache`."""
    paths = getattr(settings, "DOCTOR_CHECKS", [])
    return [(_describe(path), _import_later(path)) for path in paths]


def _describe(path: str) -> str:
    name = path.rpartition(".")[2]
    return (name[len("check_") :] if name.startswith("check_") else name).replace("_", " ")


def _import_later(path: str) -> Callable[[], list[Finding]]:
    # The check itself runs the import, so that a wrong path becomes a finding.
    return lambda: import_string(path)()

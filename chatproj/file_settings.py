"""
The settings of chatproj/settings.py that sites may change: their effects and their defaults.

`default` returns a default for chatproj/settings.py, where a site writes its own values. docs/operations.md has the
table of these settings. This module opens no connection.
"""

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatproj import environment, local, rate_limits, security_headers
from chatproj.file_setting_kinds import ANNOUNCEMENT, COUNT, DAYS, INTERVAL, LIMITS, NAMES, PATH, POLL, SECONDS, Kind

# The requests that the interface answers without a worker.
_ANSWERS = {
    "/healthz": "chat.http.health.answer_healthz",
    "/readyz": "chat.http.health.answer_readyz",
    "/metrics": "chat.http.health.answer_metrics",
    "/operations/": "chat.http.operations_away.answer_operations",
    "/static/*": "chat.http.static_files.answer_static_file",
    "/favicon.ico": "chat.http.static_files.answer_static_file",
    "/robots.txt": "chat.http.static_files.answer_static_file",
    "/apple-touch-icon.png": "chat.http.static_files.answer_static_file",
}
# The interface itself stores uploads, and sends stored files.
_FILES = {
    "paths": [r"/api/(rooms|boards)/[^/]+/files/\Z"],
    "create": "chat.services.files.create",
    "read": "chat.services.files.read_range",
}
# The secret parts of paths: in the links of invitations, mails and boards, in hooks, and the sessions of boards'
# visitors. Every log line has *** in their place.
_SECRET_PATHS = [
    "/invite/*",
    "/email/*",
    "/password/reset/*/*",
    "/hooks/*",
    "/board/*",
    "/api/boards/*",
    "/auth/*/*",
    "/write/*/*",
]
_PARTS = ("monitor", "files", "limits", "metrics", "mail_server", "openid", "push")
_DEPLOYMENT_PARTS = ("postgresql", "replica", "backups", "static_files", "tracing", "deployment")
_CHECKS = [
    *(f"chat.management.doctor.check_{part}" for part in _PARTS),
    *(f"chatproj.doctor.{part}.check_{part}" for part in _DEPLOYMENT_PARTS),
    "chatproj.doctor.public.check_public_url",
]


def find_site_url() -> str:
    """Return the address of a running `bin/serve`, unless PORT names another port; else 127.0.0.1 with PORT or 8000."""
    has_port = os.environ.get("PORT", "").strip()
    return local.site_url(environment.read("PORT") if has_port else None)


@dataclass(frozen=True)
class FileSetting:
    """
    One setting of chatproj/settings.py.

    `effect` is a sentence about what the setting does. `value` is the default, unless `derive` is given, which computes
    the default from the other settings. `kind` says which values are valid. Without a kind, no value is checked here.
    """

    name: str
    effect: str
    value: Any = None
    kind: Kind | None = None
    derive: Callable[[Any], Any] | None = None

    def find_default(self, site: Any) -> Any:
        """Return the default, in a copy that may be changed. `site` has the other settings."""
        return copy.deepcopy(self.value) if self.derive is None else self.derive(site)


_ALL = [
    FileSetting(
        "CHAT_LIMITS",
        "The rate limits: how many at once, and how many a second after that.",
        rate_limits.CHAT_LIMITS,
        LIMITS,
    ),
    FileSetting("CHAT_MAX_SOCKETS_PER_PERSON", "How many sockets one person may have open.", 100, COUNT),
    FileSetting("CHAT_MAX_SOCKETS_PER_ADDRESS", "How many sockets one address may have open.", 5000, COUNT),
    FileSetting(
        "CHAT_FLOOD_REFUSALS", "More refusals than this within CHAT_FLOOD_SECONDS close the connection.", 1000, COUNT
    ),
    FileSetting("CHAT_FLOOD_SECONDS", "The time in which CHAT_FLOOD_REFUSALS counts.", 10, INTERVAL),
    # A connection that misses three heartbeats in a row counts as disconnected.
    FileSetting(
        "CHAT_PRESENCE_LEASE_SECONDS", "After this time without a heartbeat, a person counts as gone.", 75, INTERVAL
    ),
    FileSetting(
        "CHAT_FEED_SECONDS",
        "The least time between two events about a room for members who show another room.",
        1,
        SECONDS,
    ),
    FileSetting(
        "CHAT_PRESENCE_SECONDS", "The least time between two events about who is present in a room.", 1, SECONDS
    ),
    # Proxies and platforms end a request after 30 seconds.
    FileSetting("CHAT_POLL_SECONDS", "How long a poll waits for an event.", 20, POLL),
    FileSetting(
        "CHAT_ANNOUNCEMENT_SECONDS", "How long an announcement is shown if it names no time.", 24 * 3600, ANNOUNCEMENT
    ),
    FileSetting(
        "CHAT_MONITOR_SECONDS", "How often the monitor checks the list of rooms and indexes new messages.", 3, INTERVAL
    ),
    FileSetting("CHAT_SWEEP_SECONDS", "How often the monitor repairs and deletes what processes left.", 30, INTERVAL),
    FileSetting("CHAT_MAX_UNFINISHED_TASKS", "How many unfinished tasks one person may have.", 3, COUNT),
    FileSetting("CHAT_MAX_RESULTS_PER_PERSON", "How many finished tasks of one person are kept.", 20, COUNT),
    FileSetting("CHAT_MAX_CUSTOM_EMOJI", "How many emoji of its own the site may have.", 500, COUNT),
    FileSetting(
        "INTERFACE_LIMITS",
        "The limits of each interface: sizes, deadlines, floods and connections.",
        derive=lambda site: rate_limits.make_interface_limits(site.CHAT_LIMITS_ON, site.CHAT_MAX_SOCKETS_PER_ADDRESS),
    ),
    FileSetting(
        "INTERFACE_PATHS",
        "Other limits and rules for the sockets of some paths.",
        derive=lambda site: rate_limits.make_interface_paths(site.CHAT_LIMITS_ON),
    ),
    FileSetting("INTERFACE_ANSWERS", "The requests that the interface answers without a worker.", _ANSWERS),
    FileSetting("INTERFACE_FILES", "The uploads that the interface stores, and the files that it sends.", _FILES),
    FileSetting(
        "INTERFACE_HEADERS",
        "The headers of every response.",
        derive=lambda site: security_headers.make_headers(site.PUBLIC_URL, site.HSTS_SECONDS, site.HSTS_SCOPE),
    ),
    FileSetting("SECRET_PATHS", "The parts of paths that logs hide.", _SECRET_PATHS),
    FileSetting("DOCTOR_URL", "The address at which doctor reaches the site.", derive=lambda site: find_site_url()),
    FileSetting("DOCTOR_HEALTH_PATH", "The path that doctor requests.", "/readyz", PATH),
    FileSetting("DOCTOR_ECHO_PATH", "The socket with which doctor measures a round trip.", "/echo/", PATH),
    FileSetting("DOCTOR_CHECKS", "The checks of doctor that belong to the chat.", _CHECKS, NAMES),
    # A week, and a day for the backup itself.
    FileSetting("DOCTOR_BACKUP_DAYS", "doctor reports a problem if the last backup is older than this.", 8, DAYS),
]
FILE_SETTINGS = {setting.name: setting for setting in _ALL}


def default(name: str) -> Any:
    """Return the default of a setting that depends on no other setting."""
    return FILE_SETTINGS[name].find_default(None)


def find_faults(site: Any) -> list[str]:
    """Return a sentence for each of these settings that has a wrong value. `site` has the settings."""
    checked = [(setting.name, setting.kind, getattr(site, setting.name)) for setting in _ALL if setting.kind]
    return [
        f"{name} must be {kind.expected}, not {value!r}." for name, kind, value in checked if not kind.is_valid(value)
    ]

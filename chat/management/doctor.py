"""The chat's own checks for `manage.py doctor`. The setting DOCTOR_CHECKS names these functions."""

from django.conf import settings

from channels_transport import Finding
from chat.services.search import MONITOR_LEASE
from chat.store import store


def check_monitor() -> list[Finding]:
    """Report whether a monitor works. A site without Redis has no monitor, so report nothing there."""
    if not settings.REDIS_URL:
        return []
    if store.count_leases(MONITOR_LEASE):
        return [Finding.ok("monitor", "A monitor is working.")]
    text = "No monitor is working. Lobbies become outdated, and expired data stays: start `manage.py monitor`."
    return [Finding.problem("monitor", text)]


def check_limits() -> list[Finding]:
    """Report whether the rate limits are switched off."""
    if settings.CHAT_LIMITS_ON:
        return [Finding.ok("limits", "Rate limits are on.")]
    text = "CHAT_LIMITS is off, so any client can overload the site: unset it, except for load tests."
    return [Finding.problem("limits", text)]

"""What `manage.py doctor` checks of the chat beside the transport. The setting DOCTOR_CHECKS names these functions."""

from django.conf import settings

from channels_transport import Finding
from chat.store import store


def check_monitor() -> list[Finding]:
    """Report whether a monitor process works. With a channel layer in memory there is none, and nothing to report."""
    if not settings.REDIS_URL:
        return []
    if store.count_leases("monitor"):
        return [Finding.ok("monitor", "A monitor is working.")]
    text = "No monitor is working, so lists become stale and nothing is swept: start `manage.py monitor`."
    return [Finding.problem("monitor", text)]


def check_limits() -> list[Finding]:
    """Report whether the rate limits are switched off."""
    if settings.CHAT_LIMITS_ON:
        return [Finding.ok("limits", "Rate limits are on.")]
    text = "CHAT_LIMITS is off, so that any client can overload the site: unset it, except for load tests."
    return [Finding.problem("limits", text)]

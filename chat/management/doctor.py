"""The chat's own checks for `manage.py doctor`. The setting DOCTOR_CHECKS names these functions."""

import smtplib

from django.conf import settings
from django.db import DatabaseError

from channels_transport import Finding
from chat.services import budgets, files, mails, push, tasks
from chat.services.people import openid
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


def check_metrics() -> list[Finding]:
    """Report who can read the metrics."""
    if settings.METRICS_TOKEN:
        text = "The metrics require METRICS_TOKEN."
    elif settings.INTERFACE_PRIVATE:
        text = "The metrics are at METRICS_PORT only."
    elif settings.PUBLIC_URL:
        text = "The metrics are closed. To read them, set METRICS_TOKEN or METRICS_PORT."
    else:
        text = "Everybody who reaches an interface can read /metrics. METRICS_TOKEN or METRICS_PORT prevents that."
    return [Finding.ok("metrics", text)]


def check_limits() -> list[Finding]:
    """Report whether the rate limits are switched off, and how many requests the limits of the site have refused."""
    if settings.CHAT_LIMITS_ON:
        return [Finding.ok("limits", f"Rate limits are on.{_describe_refusals()}")]
    text = "CHAT_LIMITS is off, so any client can overload the site: unset it, except for load tests."
    return [Finding.problem("limits", text)]


def check_mail_server() -> list[Finding]:
    """Report whether the mail server can be used. A site without one sends no mails, so report nothing there."""
    if not mails.is_mail_on():
        return []
    try:
        mails.try_server(settings.EMAIL_URL)
    except (OSError, smtplib.SMTPException) as error:
        # The answer of the server may repeat the user of the URL.
        cause = f"{type(error).__name__} {getattr(error, 'smtp_code', '')}".strip()
        return [Finding.problem("mail", f"The mail server cannot be used ({cause}): correct EMAIL_URL, or the server.")]
    return [Finding.ok("mail", "The mail server accepts this site.")]


def check_files() -> list[Finding]:
    """Report whether this process can keep files, and whether results of exports are missing."""
    problem = files.find_problem()
    if problem is not None:
        return [Finding.problem("files", problem)]
    try:
        missing = tasks.count_missing()
    except DatabaseError:
        return []  # the parts "database" and "migrations" report the cause
    if missing:
        text = f"Results of exports are missing here ({missing}): every process needs the same CHAT_FILES."
        return [Finding.problem("files", text)]
    bucket = files.find_bucket()
    place = files.find_directory() or (bucket.address if bucket else "the database")
    return [Finding.ok("files", f"Files are kept in {place}.")]


def check_openid() -> list[Finding]:
    """Report whether the provider of OpenID Connect can be used. A site without one gets no report."""
    if not openid.is_enabled():
        return []
    problem = openid.find_provider_problem()
    if problem is None:
        return [Finding.ok("openid", f"The provider at {settings.OIDC_ISSUER} can sign people in.")]
    return [Finding.problem("openid", f"Nobody can sign in with OpenID Connect ({problem}): correct OIDC_ISSUER.")]


def check_push() -> list[Finding]:
    """Report whether every push service accepts the requests of this site. A site without a key gets no report."""
    if not push.is_push_on():
        return []
    if push.has_contact():
        return [Finding.ok("push", "Closed browsers can be notified.")]
    text = "Safari gets no notifications while it is closed, because its push service wants an address of the operators"
    return [Finding.problem("push", f"{text}: set CHAT_VAPID_CONTACT.")]


def _describe_refusals() -> str:
    """Return a sentence about the limits of the whole site that have refused requests, or an empty text."""
    found = {limit: number for limit, number in budgets.count_refusals().items() if limit.endswith("_per_site")}
    if not found:
        return ""
    numbers = ", ".join(f"{limit} {number}" for limit, number in found.items())
    return f" Refused for the whole site: {numbers}. If this was not an attack, raise these limits in CHAT_LIMITS."

"""
How the site is arranged: processes that should run, and settings that hurt.
"""

from django.conf import settings
from django.core.management import get_commands

from chat.store import store

from .findings import ill, well


def check_monitor():
    """Whether a monitor is at work, on a site that has one."""
    if "monitor" not in get_commands():
        return []
    if store.count_leases("monitor"):
        return [well("monitor", "It is at work.")]
    return [ill("monitor", "None is at work: lists grow stale, and nobody sweeps. Start `manage.py monitor`.")]


def check_settings():
    """Settings that are sure to hurt a site which the public can reach."""
    troubles = []
    if settings.DEBUG and settings.PUBLIC_URL:
        troubles.append("DEBUG is on at a public site, and shows strangers the code: unset it.")
    if not settings.CHAT_LIMITS_ON:
        troubles.append("CHAT_LIMITS is off, so that anybody can fill the site: unset it, except for load tests.")
    if settings.PUBLIC_URL and "*" in settings.ALLOWED_HOSTS:
        troubles.append("ALLOWED_HOSTS has a *, so that any site may pose as this one: name the hosts.")
    return [ill("settings", trouble) for trouble in troubles] or [well("settings", "None that hurts.")]


def describe_lack_of_redis():
    """What is said in place of all that could be seen through Redis."""
    text = "REDIS_URL is not set, so only a plain `runserver` can be this site, and nobody else sees its channels."
    if settings.DEBUG:
        return [well("redis", text)]
    return [ill("redis", f"{text} Set it as for the other processes.")]

"""
Pushes: notices that reach a person while no page of the site is open, through the push service of the browser.

A page subscribes its browser. After a new message, a job finds the people whom the message notifies and who have not
read the message. The job encrypts a notice for each of their browsers, and sends it to the push service that the
browser has named (RFC 8030). A private reminder that is due has a job too.

This package writes PushSubscription, and Login for an old login session. A push may be lost, but its message stays in
the room.
"""

from .activity import is_active, note_activity
from .identity import get_public_key, has_contact, is_push_on, make_key_pair
from .of_reminders import post_reminder, send_reminder_push
from .sending import post_test, send_pushes, send_test
from .subscriptions import (
    end_own,
    end_subscription,
    find_login,
    get_subscription,
    is_failing,
    list_subscriptions,
    subscribe,
)

__all__ = [
    "end_own",
    "end_subscription",
    "find_login",
    "get_public_key",
    "get_subscription",
    "has_contact",
    "is_active",
    "is_failing",
    "is_push_on",
    "list_subscriptions",
    "make_key_pair",
    "note_activity",
    "post_reminder",
    "post_test",
    "send_pushes",
    "send_reminder_push",
    "send_test",
    "subscribe",
]

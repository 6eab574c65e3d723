"""
The defaults of the rate limits: those of the chat (CHAT_LIMITS), and those that the chat sets for its interfaces.

docs/operations.md explains how to choose them. This module reads no settings: its functions take them as arguments.
"""

import json
from typing import Any

# {name: (at once, per second)}
CHAT_LIMITS = {
    # Per person:
    "events": (500, 50),
    "reads": (50_000, 500),  # messages and rows of lists that the person reads
    "lookups": (200, 20),  # searches for people, and lists of people
    "searches": (30, 3),
    "previews": (100, 10),
    "markup": (50_000, 1000),  # characters that may be markup, in bodies with more than 100 of them
    "tasks": (20, 1 / 30),  # exports and statistics that the person starts
    "task_bytes": (2e9, 1e6),  # bytes of their results
    "downloads": (5, 1 / 20),
    "download_bytes": (5e9, 2e7),
    "pictures": (10, 1 / 20),
    "uploads": (60, 1 / 2),  # files of messages
    "upload_bytes": (2e9, 2e6),
    "opened_files": (2000, 20),  # files and thumbnails that the person opens
    "custom_emoji": (60, 1 / 5),  # emoji that the person adds to the site
    "directs": (60, 1 / 5),  # new direct conversations
    "invitations": (60, 1 / 5),  # new invitations
    "tokens": (20, 1 / 60),  # new tokens
    "push_changes": (20, 1 / 30),  # browsers that the person turns on, and tests of them
    "hooks": (60, 1 / 5),  # new webhooks and keys of webhooks, and tests
    "link_previews": (30, 1 / 6),  # pages that the server fetches for previews of the person's links
    # Per room:
    "link_previews_in_room": (60, 1 / 2),
    # Per host that links name:
    "link_previews_of_host": (20, 1 / 5),
    # Per address:
    "requests_per_address": (5000, 500),  # HTTP requests that a worker answers
    "reads_per_address": (1_000_000, 10_000),
    "searches_per_address": (300, 30),
    "handshakes": (500, 500),
    "guests": (100, 100 / 60),
    "sign_ups": (100, 100 / 60),
    "sign_ins": (100, 100 / 60),  # or per browser that the person has signed in with before
    "rooms": (100, 100 / 60),
    "new_addresses": (30, 30 / 3600),  # mails to e-mail addresses that are not verified
    "password_resets": (10, 10 / 3600),
    # Per account:
    "wrong_passwords_here": (10, 1 / 60),  # at one browser or address
    "wrong_passwords": (100, 100 / 3600),  # at all browsers and addresses that it has never signed in from
    "wrong_codes_here": (5, 1 / 300),  # codes of a second factor, at one browser or address
    "wrong_codes": (20, 20 / 86400),  # codes of a second factor, at all places that it has never signed in from
    "mails": (5, 5 / 3600),  # also per e-mail address that is not verified
    "password_resets_here": (5, 5 / 3600),  # per handle or e-mail address that a request names
    # For the whole site:
    "searches_per_site": (600, 60),
    "tasks_per_site": (200, 1),
    "guests_per_site": (2000, 20),
    "sign_ups_per_site": (500, 5),
    "sign_ins_per_site": (500, 10),
    "rooms_per_site": (1000, 10),
    "link_previews_per_site": (120, 2),
}

# An address may have this many other connections in addition to its sockets.
_OTHER_CONNECTIONS = 1000
_TOO_MANY_SOCKETS = {
    "type": "rejected",
    "ref": None,
    "code": "rate_limited",
    "detail": "Too many connections are open.",
}
# Anonymous clients may open the echo. Each byte to it goes through Redis and a worker, and back.
_ECHO_LIMITS = {
    "socket_frames": (2000, 200),
    "address_frames": (4000, 1000),
    "address_bytes": (16 * 1024 * 1024, 4 * 1024 * 1024),
}
# The heartbeats of rooms' sockets and of own streams, as clients write them in JavaScript and in Python. All others are
# passed on one by one, and so are those of a person who uses the page.
HEARTBEAT = r'\{"type": ?"sync", ?"cursor": ?[0-9]{1,16}\}'
STREAM_HEARTBEAT = r'\{"type": ?"sync"(, ?"posts": ?[0-9]{1,16})?\}'
_BUDGETS = [f"{owner}_{what}" for owner in ("socket", "address") for what in ("frames", "bytes", "control_frames")]


def make_interface_limits(is_on: bool, sockets_per_address: int) -> dict[str, Any]:
    """Return INTERFACE_LIMITS. If the rate limits are off, frames, bytes, connections and uploads have no limits."""
    if not is_on:
        return dict.fromkeys([*_BUDGETS, "sockets_per_address", "connections_per_address", "uploads_per_address"])
    return {
        "sockets_per_address": sockets_per_address,
        "connections_per_address": sockets_per_address + _OTHER_CONNECTIONS,
        "refusal_text": json.dumps({**_TOO_MANY_SOCKETS, "retry_after": 75.0}),
    }


def make_interface_paths(is_on: bool) -> list[tuple[str, dict[str, Any]]]:
    """
    Return INTERFACE_PATHS. With `forget`, the waiting frames of a disconnected client are dropped. With `gather`, the
    heartbeats of many sockets are one message.

    The kinds are labels in the metrics; docs/watching.md explains them.
    """
    return [
        (r"/chat/", {"kind": "room", "gather": HEARTBEAT}),
        (r"/me/\Z", {"kind": "me", "gather": STREAM_HEARTBEAT}),
        (r"/lobby/\Z", {"kind": "lobby", "send_only": True}),
        (r"/(auth|write)/", {"kind": "board"}),
        (r"/operators/", {"kind": "operators"}),
        (r"/echo/\Z", {"kind": "echo", "forget": True, **(_ECHO_LIMITS if is_on else {})}),
    ]

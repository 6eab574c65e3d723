"""
Hooks: other programs post into rooms, and get the messages of rooms.

- `making`: make, change and delete hooks;
- `posting`: post what an incoming hook received. `slack` and `mrkdwn` turn it into Markdown;
- `senders`: the name and the emoji under which a hook posts one message;
- `triggers`: store a delivery for each message that an outgoing hook sends;
- `commands`: the commands that an outgoing hook adds to a room;
- `deliveries`: send the deliveries, and try again after a failure. `requesting` makes and signs a request;
- `log`: the latest deliveries, for the owners;
- `notices`: tell the owners that a hook was disabled.

This package writes Hook, HookDelivery and MessageSender, the Member of a hook's bot, and `Room.is_hooked`.
"""

from . import commands  # noqa: F401 (importing it registers the commands)
from .deliveries import deliver, sweep_deliveries
from .log import get_deliveries, send_again, send_test
from .making import (
    MAX_HOOKS,
    HookFields,
    change_hook,
    delete_hook,
    get_hooks,
    make_hook,
    renew_key,
)
from .posting import Delivered, HookRefused, check_request, find_hook, post_by_hook
from .requesting import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from .slack import Payload, read_payload

__all__ = [
    "MAX_HOOKS",
    "SIGNATURE_HEADER",
    "TIMESTAMP_HEADER",
    "Delivered",
    "HookFields",
    "HookRefused",
    "Payload",
    "change_hook",
    "check_request",
    "delete_hook",
    "deliver",
    "find_hook",
    "get_deliveries",
    "get_hooks",
    "make_hook",
    "post_by_hook",
    "read_payload",
    "renew_key",
    "send_again",
    "send_test",
    "sign",
    "sweep_deliveries",
]

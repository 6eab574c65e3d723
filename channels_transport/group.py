"""
`Group` as in Channels, with a `send` that can leave out some of the group's channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import channels
from channels.message import pending_message_store


class Group(channels.Group):
    """A group of channels. Only `send` differs from Channels' `Group`."""

    except_channels: Sequence[str] = ()

    def send(self, content: dict[str, Any], immediately: bool = False, except_channels: Iterable[Any] = ()) -> None:
        """
        Send a message to all channels of the group except `except_channels` (reply channels, or their names).

        With one Redis server, the send takes one command for any number of members. Within a consumer, the message is
        sent after the consumer has ended; with one server, this is together with the worker's next receive. Outside a
        consumer, or if `immediately` is set, the message is sent at once.

        Raise ValueError if the content is not a dict.
        """
        names = [*self.except_channels, *(getattr(channel, "name", channel) for channel in except_channels)]
        if not names:
            super().send(content, immediately)
            return
        if not isinstance(content, dict):
            raise ValueError("You can only send dicts as content on channels.")
        if immediately or not pending_message_store.active:
            self.channel_layer.send_group(self.name, content, names)
            return
        sender = Group(self.name, channel_layer=self.channel_layer)
        sender.except_channels = names
        pending_message_store.append(sender, content)

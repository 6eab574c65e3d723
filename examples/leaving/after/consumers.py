"""The consumers on Channels 4. A consumer lives as long as its websocket, so attributes replace `channel_session`."""

import logging

from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer
from talk import frames
from talk.bridge import publish
from talk.storing import backlog, group_of, last_id, store

from after.delayed import delay

logger = logging.getLogger(__name__)


class KeepsSocket:
    """Logs the exceptions of a handler and keeps the websocket open. Channels 4 would close it with 1011."""

    async def websocket_receive(self, message):
        try:
            await super().websocket_receive(message)
        except Exception:
            logger.exception("A frame was not handled")


class Room(KeepsSocket, AsyncWebsocketConsumer):
    """A websocket in a room. Channels runs the handlers of a consumer one after the other."""

    group = None

    async def connect(self):
        await self.accept()
        self.user = self.scope["user"]
        if not self.user.is_authenticated:
            await self.close(code=frames.NOT_SIGNED_IN)
            return
        self.said = 0
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.group = group_of(self.room)
        await self.channel_layer.group_add(self.group, self.channel_name)
        last = await database_sync_to_async(last_id)(self.room)
        await self.send(text_data=frames.encode("joined", user=self.user.username, last=last))

    async def receive(self, text_data=None, bytes_data=None):
        try:
            frame = frames.parse(text_data)
        except frames.Rejected as error:
            await self.send(text_data=frames.rejected_frame(error))
            return
        if "after" in frame:
            for text in await database_sync_to_async(backlog)(self.room, frame["after"]):
                await self.send(text_data=text)
        elif "remind" in frame:
            content = {"room": self.room, "text": frame["remind"]}
            await database_sync_to_async(delay)("talk.reminders", content, frame.get("milliseconds", 0))
        else:
            self.said += 1
            row, text = await database_sync_to_async(store)(self.user, self.room, frame["ref"], frame["text"])
            await self.send(text_data=frames.encode("ack", ref=row.ref, id=row.pk, said=self.said))
            if text is not None:
                await self.channel_layer.group_send(self.group, {"type": "group.text", "text": text})

    async def group_text(self, event):
        """Send a message of the group to the client."""
        await self.send(text_data=event["text"])

    async def disconnect(self, code):
        if self.group is not None:
            await self.channel_layer.group_discard(self.group, self.channel_name)


class Reminders(AsyncConsumer):
    """The background consumer of `runworker talk.reminders`."""

    async def remind(self, message):
        text, group = frames.reminder_frame(message["text"]), group_of(message["room"])
        await self.channel_layer.group_send(group, {"type": "group.text", "text": text})
        await database_sync_to_async(publish)(group, text)


class Refuse(AsyncWebsocketConsumer):
    """Closes a websocket on a path that does not exist."""

    async def connect(self):
        await self.accept()
        await self.close(code=frames.NOT_FOUND)


class Streams(KeepsSocket, AsyncJsonWebsocketConsumer):
    """The demultiplexer: two streams in one websocket. `receive_<stream>` handles the frames of a stream."""

    groups = ["notes"]

    async def connect(self):
        await self.accept()
        await self.send_to("shout", {"connected": True})

    async def receive_json(self, content, **kwargs):
        handlers = {"shout": self.receive_shout, "notes": self.receive_notes}
        await handlers[content["stream"]](content["payload"])

    async def send_to(self, stream, payload):
        await self.send_json({"stream": stream, "payload": payload})

    async def receive_shout(self, payload):
        await self.send_to("shout", {"shout": payload["text"].upper()})

    async def receive_notes(self, payload):
        from talk.models import Note

        if self.scope["user"].is_authenticated and payload["action"] == "create":
            await database_sync_to_async(Note.objects.create)(**payload["data"])

    async def binding_changed(self, event):
        """Send a change of a model: see after/binding.py."""
        await self.send_to(event["stream"], event["payload"])

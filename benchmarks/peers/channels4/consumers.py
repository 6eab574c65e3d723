"""The asynchronous consumer of the Channels 4 tutorial, which here also stores each message; and an echo consumer."""

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from benchmarks.peers.channels4.models import Message


class RoomConsumer(AsyncWebsocketConsumer):
    """One socket in one room."""

    async def connect(self):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.group = f"room-{self.room}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        await database_sync_to_async(Message.objects.create)(room=self.room, text=text_data)
        await self.channel_layer.group_send(self.group, {"type": "chat.message", "message": text_data})

    async def chat_message(self, event):
        await self.send(text_data=event["message"])


class EchoConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        await self.send(text_data=text_data)

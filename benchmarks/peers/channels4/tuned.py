"""
The consumer of the Channels tutorial, tuned with a profiler: the same chat with less overhead.

- It does not run `aclose_old_connections` before each event. That call switches to a thread and back at each delivery.
- It builds a broadcast once, in the form that the server sends. No consumer builds an event for its own member.
- It decodes a broadcast once in each process, and not once for each member.

`BatchingRoomConsumer` goes further and does less work than the other stacks: one thread writes the rows in plain SQL,
and commits all waiting rows together. Each message is still a row, and is stored before it is sent.

The classes override only what Channels lets its users override. The dispatch loop and the Redis layer of Channels do
the rest.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.db import connection, transaction

from benchmarks.peers.channels4.models import Message

INSERT = "INSERT INTO channels4_message (room, text) VALUES (%s, %s)"


class Layer(RedisPubSubChannelLayer):
    """
    A layer that decodes a broadcast once.

    It gets the same bytes object for each member, one member after the other. No member changes the decoded message.
    """

    _bytes = _message = None

    def deserialize(self, message):
        if message is not self._bytes:
            self._message = super().deserialize(message)
            self._bytes = message
        return self._message


class Writer:
    """Store messages in the order of their arrival, in a separate thread."""

    def __init__(self):
        self.waiting = []
        self.task = None
        self.thread = ThreadPoolExecutor(1)

    async def store(self, room, text):
        """Store a row, and return when it is committed."""
        stored = asyncio.get_running_loop().create_future()
        self.waiting.append(((room, text), stored))
        if self.task is None:
            self.task = asyncio.create_task(self._write())
        await stored

    async def _write(self):
        loop = asyncio.get_running_loop()
        while self.waiting:
            batch, self.waiting = self.waiting, []
            await loop.run_in_executor(self.thread, insert, [row for row, _ in batch])
            for _, stored in batch:
                stored.set_result(None)
        self.task = None


def insert(rows):
    """Store rows, and commit them together."""
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(INSERT, rows[0])
            return
        with transaction.atomic():
            cursor.executemany(INSERT, rows)


writer = Writer()


class RoomConsumer(AsyncWebsocketConsumer):
    """One socket in one room."""

    async def dispatch(self, message):
        kind = message["type"]
        if kind == "websocket.send":
            await self.base_send(message)
        elif kind == "websocket.receive":
            await self.store(message["text"])
            await self.channel_layer.group_send(self.group, {"type": "websocket.send", "text": message["text"]})
        else:
            await super().dispatch(message)

    async def store(self, text):
        await sync_to_async(Message.objects.create)(room=self.room, text=text)

    async def connect(self):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.group = f"room-{self.room}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)


class BatchingRoomConsumer(RoomConsumer):
    """A room whose messages one thread stores, many in one transaction."""

    async def store(self, text):
        await writer.store(self.room, text)


class EchoConsumer(AsyncWebsocketConsumer):
    """A consumer that returns each frame and stores nothing."""

    async def dispatch(self, message):
        if message["type"] == "websocket.receive":
            await self.base_send({"type": "websocket.send", "text": message["text"]})
        else:
            await super().dispatch(message)

"""
Encode messages for a stack, and parse the frames that it sends. This module opens no sockets.

A parsed frame is `(kind, sender, number, offset)`, or None if it does not belong to the measurement. `sender` is the
number of the sending client, `number` counts the messages of that client from 0, and `offset` is the room's offset (0
if there is none).
"""

import json

MESSAGE, ACK, REJECTED, SYNCED = "message", "ack", "rejected", "synced"
OPENED, PING = "opened", "ping"  # the server waits for the client's answer, which `answers` has
BODY_LENGTH = 64


class Plain:
    """The tutorials' dialect: the server sends each text unchanged to everybody in the room."""

    is_acked = False
    sends_synced_after_join = False
    joins_frames = False
    greeting = b""  # what the client sends first
    answers: dict[str, bytes] = {}

    def __init__(self, run: str):
        self.run = run

    def path(self, room: str) -> str:
        return f"/room/{room}/"

    def encode(self, sender: int, number: int) -> bytes:
        return f"{sender} {number} {self.run} ".encode().ljust(BODY_LENGTH, b".")

    def read(self, payload: bytes) -> tuple | None:
        sender, number, run, _ = payload.split(b" ", 3)
        return (MESSAGE, int(sender), int(number), 0) if run.decode() == self.run else None


class SocketIo(Plain):
    """
    Socket.IO's dialect: the same texts in packets of Socket.IO 5 and Engine.IO 4.

    The server opens the session (`0`), the client asks to enter the namespace (`40`), and the server answers with `40`.
    Then it puts the socket into its room at once. Later it sends pings (`2`), which the client answers with `3`.
    """

    sends_synced_after_join = True
    answers = {OPENED: b"40", PING: b"3"}
    START, END = b'42["message","', b'"]'

    def path(self, room: str) -> str:
        return f"/socket.io/?EIO=4&transport=websocket&room={room}"

    def encode(self, sender: int, number: int) -> bytes:
        return self.START + super().encode(sender, number) + self.END

    def read(self, payload: bytes) -> tuple | None:
        if payload.startswith(self.START):
            return super().read(payload[len(self.START) : -len(self.END)])
        if payload.startswith(b"40"):
            return SYNCED, -1, -1, 0
        kind = PING if payload == b"2" else OPENED if payload.startswith(b"0") else None
        return kind and (kind, -1, -1, 0)


class Centrifuge(Plain):
    """
    The dialect of Centrifuge, in JSON: the same texts in commands and pushes.

    The client enters with a command, and the server has subscribed it to its room when it answers. A frame may contain
    several pushes, each on a line.
    """

    sends_synced_after_join = True
    joins_frames = True
    greeting = b'{"id":1}'
    START, END = b'{"method":8,"params":{"data":"', b'"}}'
    TEXT = b'"data":{"data":"'

    def encode(self, sender: int, number: int) -> bytes:
        return self.START + super().encode(sender, number) + self.END

    def read(self, payload: bytes) -> tuple | None:
        _, text, rest = payload.partition(self.TEXT)
        if text:
            return super().read(rest[:BODY_LENGTH])
        return (SYNCED, -1, -1, 0) if payload.startswith(b'{"id":1,') else None


class Chat:
    """The product's dialect: `post` with a ref, which `message` and `ack` repeat."""

    is_acked = True
    sends_synced_after_join = True
    joins_frames = False
    greeting = b""
    answers: dict[str, bytes] = {}

    def __init__(self, run: str):
        self.run = run

    def path(self, room: str) -> str:
        return f"/chat/{room}/"

    def encode(self, sender: int, number: int) -> bytes:
        body = f"Message {number} of {sender} ".ljust(BODY_LENGTH, ".")
        return f'{{"type":"post","ref":"{self.run}-{sender}-{number}","body":"{body}"}}'.encode()

    def read(self, payload: bytes) -> tuple | None:
        event = json.loads(payload)
        kind = event["type"]
        if kind == SYNCED:
            return SYNCED, -1, -1, event["offset"]
        if kind not in (MESSAGE, ACK, REJECTED):
            return None
        run, _, rest = (event["ref"] or "").partition("-")
        if run != self.run:
            # This is a message of an earlier load, from the backlog.
            return None
        sender, _, number = rest.partition("-")
        return kind, int(sender), int(number), event.get("offset", 0)

    @staticmethod
    def heartbeat(offset: int) -> bytes:
        return b'{"type":"sync","cursor":%d}' % offset


DIALECTS = {"plain": Plain, "socketio": SocketIo, "centrifuge": Centrifuge, "chat": Chat}

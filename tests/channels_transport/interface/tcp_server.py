"""
A process with an interface server on a real TCP port: it prints the port, and ends when its standard input is closed.

The process also does the work of a worker. It answers each request 0.1 s later, accepts websockets except at `/denied`,
and closes a websocket that sends a number.
"""

import re
import sys

from django.conf import settings
from twisted.internet import reactor, stdio, task
from twisted.internet.protocol import Protocol

from channels_transport.instructions import Answer
from channels_transport.interface import HTTPFactory
from channels_transport.interface.answers import Answers
from channels_transport.interface.limits import make_limits, make_rules
from channels_transport.memory import MemoryChannelLayer

LIMITS = {"discard_seconds": 1, "flood_seconds": 0.3, "head_seconds": 2, "max_body_bytes": 1000}
FLOOD = {"socket_frames": (1000, 100)}
LONG_CONTENT = b"x" * 3_000_000
CHANNELS = ["http.request", "websocket.connect", "websocket.receive"]


class EndOfInput(Protocol):
    """Ends the process when the test closes the standard input."""

    def connectionLost(self, reason=None):
        reactor.stop()


def work(layer, factory):
    while True:
        channel, message = layer.receive(CHANNELS)
        if channel is None:
            return
        reactor.callLater(0.1, factory.dispatch_reply, message["reply_channel"], answer(channel, message))


def answer(channel, message):
    if channel == "http.request":
        later = {"seconds": 60, "status": 200, "headers": [], "content": b"nothing", "path": "/", "context": {}}
        return {"later": later} if message["path"] == "/later" else {"status": 200, "content": LONG_CONTENT}
    if channel == "websocket.connect":
        return {"close": True} if message["path"] == "/denied" else {"accept": True}
    return {"close": int(message["text"])} if message["text"].isdigit() else {"text": "read"}


def main():
    settings.configure(SECRET_PATHS=[])
    layer = MemoryChannelLayer(capacity=10**6)
    limits = make_limits(LIMITS)
    factory = HTTPFactory(
        layer,
        send_channel="daphne.response.test!",
        limits=limits,
        rules=make_rules([(re.escape("/flood"), FLOOD)], limits),
        answers=Answers({"/fast": lambda asked: Answer(200, b"fast")}),
    )
    task.LoopingCall(work, layer, factory).start(0.01)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    stdio.StandardIO(EndOfInput(), sys.stdin.fileno(), sys.stderr.fileno())
    reactor.run()


if __name__ == "__main__":
    main()

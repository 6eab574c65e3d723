"""
Faults inside a worker at moments that an outside signal cannot hit. The ref of a frame names its fault.

    dies-ack-...    the worker is killed between the commit and the ack, once
    dies-early-...  the worker is killed after it received a frame, before the consumer runs, once
    vanishes-...    the frame is popped and never run, once
    fails-...       the consumer raises each time, so that a repeated frame is noticed

tests.faults.settings installs them in `runworker` only. In `interface`, FAULT_SEND_BUFFER sets the bytes of each
websocket's send buffer in the kernel, because the loopback's buffer is larger than a real network's. The product
has no switch for these faults.
"""

import contextlib
import json
import os
import signal
import socket
import sys

from django.apps import AppConfig

FAILURE = "a bug of this test's own making"


def _is_first(ref):
    """Return whether this fault is injected for the first time in this site."""
    try:
        os.close(os.open(os.path.join(os.environ["CHAT_VAR"], f"struck-{ref}"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def _strikes(ref, fault):
    """Return whether a ref names this fault, and the fault was not yet injected for this ref."""
    return isinstance(ref, str) and ref.startswith(f"{fault}-") and _is_first(ref)


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _ref_of(content):
    with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
        return json.loads(content["text"]).get("ref")
    return None


def _dying_reply(reply):
    def dying(channel, event):
        if event["type"] == "ack" and _strikes(event["ref"], "dies-ack"):
            _die()
        return reply(channel, event)

    return dying


def _careless_handle(handle):
    def careless(worker, channel, content):
        ref = _ref_of(content) if channel == "websocket.receive" else None
        if _strikes(ref, "dies-early"):
            _die()
        if not _strikes(ref, "vanishes"):
            handle(worker, channel, content)

    return careless


def _failing(handler):
    def failing(message, member, event):
        if event.ref.startswith("fails-"):
            raise ZeroDivisionError(FAILURE)
        return handler(message, member, event)

    return failing


class FaultsConfig(AppConfig):
    name = "tests.faults.injection"
    label = "faults"

    def ready(self):
        if "runworker" in sys.argv:
            self._spoil_worker()
        elif "interface" in sys.argv and "FAULT_SEND_BUFFER" in os.environ:
            self._narrow_sockets()

    def _narrow_sockets(self):
        from channels_transport.interface import WebSocketProtocol

        onOpen, size = WebSocketProtocol.onOpen, int(os.environ["FAULT_SEND_BUFFER"])

        def narrowed(protocol):
            protocol.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
            onOpen(protocol)

        WebSocketProtocol.onOpen = narrowed

    def _spoil_worker(self):
        from channels_transport.worker import Worker
        from chat import broadcast
        from chat.consumers import frames

        broadcast.reply = _dying_reply(broadcast.reply)
        Worker._handle = _careless_handle(Worker._handle)
        frames.HANDLERS["post"] = _failing(frames.HANDLERS["post"])

"""
Faults inside a worker at moments that an outside signal cannot hit. The ref of a frame names its fault.

    dies-ack-...    the worker is killed between the commit and the ack, once
    dies-early-...  the worker is killed after it received a frame, before the consumer runs, once
    vanishes-...    the frame is popped and never run, once
    fails-...       the consumer raises each time, so that a repeated frame is noticed

A file with the name `gathered-dies` in CHAT_VAR kills the worker that receives gathered heartbeats next.

tests.faults.settings installs these faults in `runworker` only. In `interface`, FAULT_SEND_BUFFER sets the bytes of
each websocket's send buffer in the kernel: the loopback interface has a larger buffer than a real network. An interface
gathers heartbeats also from a few sockets, and after a short silence. The product has no switch for these faults.
"""

import contextlib
import json
import os
import signal
import socket
import sys

from django.apps import AppConfig

FAILURE = "a failure that the test injects"
GATHERED_DIES = "gathered-dies"
# Clients of these tests send a heartbeat every 4 s.
SILENCE_SECONDS, PAUSE_SECONDS = 2, 5


def _is_first(ref):
    """Return whether this fault is injected for the first time in this site."""
    try:
        os.close(os.open(os.path.join(os.environ["CHAT_VAR"], f"injected-{ref}"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def _is_due(ref, fault):
    """Return whether a ref names this fault, and the fault was not yet injected for this ref."""
    return isinstance(ref, str) and ref.startswith(f"{fault}-") and _is_first(ref)


def _takes_file(name):
    """Remove a file of the site, and return whether it was there."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(os.path.join(os.environ["CHAT_VAR"], name))
        return True
    return False


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _ref_of(content):
    with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
        return json.loads(content["text"]).get("ref")
    return None


def _reply_with_faults(reply):
    def reply_or_die(channel, event):
        if event["type"] == "ack" and _is_due(event["ref"], "dies-ack"):
            _die()
        return reply(channel, event)

    return reply_or_die


def _handle_with_faults(handle):
    def handle_or_lose(worker, channel, content):
        ref = _ref_of(content) if channel == "websocket.receive" else None
        if _is_due(ref, "dies-early") or (channel == "websocket.gathered" and _takes_file(GATHERED_DIES)):
            _die()
        if not _is_due(ref, "vanishes"):
            handle(worker, channel, content)

    return handle_or_lose


def _handler_with_faults(handler):
    def handle_or_fail(message, member, event):
        if event.ref.startswith("fails-"):
            raise ZeroDivisionError(FAILURE)
        return handler(message, member, event)

    return handle_or_fail


class FaultsConfig(AppConfig):
    name = "tests.faults.injection"
    label = "faults"

    def ready(self):
        if "runworker" in sys.argv:
            self._install_worker_faults()
        elif "interface" in sys.argv:
            self._gather_all_heartbeats()
            if "FAULT_SEND_BUFFER" in os.environ:
                self._limit_send_buffers()

    def _gather_all_heartbeats(self):
        from channels_transport import upstream
        from channels_transport.interface import gathering

        upstream.SILENCE_SECONDS, upstream.DELAY_PER_SOCKET_SECONDS = SILENCE_SECONDS, 1
        gathering.LEAST_FRAMES, gathering.PAUSE_SECONDS = 1, PAUSE_SECONDS

    def _limit_send_buffers(self):
        from channels_transport.interface import WebSocketProtocol

        onOpen, size = WebSocketProtocol.onOpen, int(os.environ["FAULT_SEND_BUFFER"])

        def open_with_limit(protocol):
            protocol.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
            onOpen(protocol)

        WebSocketProtocol.onOpen = open_with_limit

    def _install_worker_faults(self):
        from channels_transport.worker import Worker
        from chat import broadcast
        from chat.consumers import frames

        broadcast.reply = _reply_with_faults(broadcast.reply)
        Worker._handle = _handle_with_faults(Worker._handle)
        frames.HANDLERS["post"] = _handler_with_faults(frames.HANDLERS["post"])

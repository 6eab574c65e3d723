"""
Run Daphne 4 with the close codes of the old site: `python -m after.serve --port 8001 after.asgi:application`.

Daphne's own command drops the connection after a frame that is too long or not UTF-8, so the client sees 1006. It also
drops all connections when it stops.
"""

import sys

import daphne.server
from daphne.cli import CommandLineInterface
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import reactor, task

MAX_FRAME_BYTES = str(64 * 1024)
GOING_AWAY = 1001
FLUSH_SECONDS = 0.3


class Factory(WebSocketFactory):
    """Closes websockets with 1007 or 1009 after a frame that is not valid, and with 1001 when the process stops."""

    def setProtocolOptions(self, **options):
        super().setProtocolOptions(failByDrop=False, **options)
        reactor.addSystemEventTrigger("before", "shutdown", self.close_all)

    def close_all(self):
        """Send close frames, and return a Deferred. The reactor stops when the Deferred has fired."""
        for protocol in list(self.server_class.connections):
            if hasattr(protocol, "sendClose"):
                protocol.sendCloseFrame(code=GOING_AWAY)
        return task.deferLater(reactor, FLUSH_SECONDS, lambda: None)


if __name__ == "__main__":
    daphne.server.WebSocketFactory = Factory
    limits = ["--websocket-max-message-size", MAX_FRAME_BYTES, "--websocket-max-frame-size", MAX_FRAME_BYTES]
    CommandLineInterface().run([*limits, *sys.argv[1:]])

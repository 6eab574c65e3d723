"""
`python -m benchmarks.peers.channels4.serve`: uvicorn on a port that it shares with others of its kind (SO_REUSEPORT).

The kernel spreads connections over the processes by their addresses. Processes that share one listening socket, as
with `--workers`, take what they can get: whoever is idle when many come takes most of them.
"""

import os
import socket

import uvicorn

APPLICATION = "benchmarks.peers.channels4.asgi:application"
BACKLOG = 2048


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", int(os.environ["PORT"])))
    config = uvicorn.Config(
        APPLICATION,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        backlog=BACKLOG,
        lifespan="off",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()

"""
Run uvicorn on a port that several processes share (SO_REUSEPORT): `python -m benchmarks.peers.channels4.serve`.

The kernel spreads connections over the processes by their addresses. With one listening socket for all processes, as
with `--workers`, the process that is idle when many connections arrive would take most of them.
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
